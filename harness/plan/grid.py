"""What a plan crosses: suites, models, environments and variants, every name of a request resolved and checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from harness.catalogue import Detector, Environment, environment, models, pick, protocols
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.plan import inputs, own, rounds, weights
from harness.plan.inputs import Inputs
from harness.plan.request import Request, require_latency, require_suites
from harness.preflight import compatibility
from harness.preflight.checks import Preflight, Target
from harness.progress import OnBytes
from runner.contract import Protocol, Suite, Variant, Weights

#: Of a run. Its plan is held in memory: at some 4 kB a cell, that of so many is as large as a run of weeks.
MOST_CELLS = 100_000


@dataclass(frozen=True)
class Grid:
    """What is crossed, and what its cells are fed and filled with.

    `repeats` are those of a latency. `obstacles` say by environment and builder why a cell can't run here, None where
    it can; `fed` is by suite and builder, `weights` by builder.
    """

    suites: list[Suite]
    protocol: Protocol
    variants: list[Variant]
    models: list[Detector]
    stacks: list[Environment]
    repeats: int
    target: Target
    obstacles: dict[tuple[str, str], str | None]
    fed: dict[tuple[Suite, str], Inputs]
    weights: dict[str, Weights]
    weights_folder: Path | None


def resolve(request: Request, preflight: Preflight, on_bytes: OnBytes) -> tuple[Grid, list[str]]:
    """Resolve a request into what it crosses, and the remarks that a person should read with it.

    Raises HarnessError where a name is unknown, where the weights can't be had, or where nothing can run.
    """
    suites = _suites(request.suites)
    protocol = rounds.with_repeats(pick("protocol", request.protocol, protocols()), request.repeats)
    variants = [request.variant, *request.ladder]
    _check(request, suites, protocol, variants)
    chosen = _models(request)
    target = preflight.target(request.device)
    remarks = preflight.left_out(request.device)
    stacks, reasons = _environments(request.images, target, preflight)
    obstacles = _obstacles(stacks, chosen, target, preflight, limited=request.memory_bytes is not None)
    repeats = request.repeats or protocol.repeats
    _require_few(len(chosen) * len(stacks) * len(variants) * max(repeats if "latency" in suites else 1, request.shards))
    fed = _fed(request, suites, chosen, protocol)
    filled, folder, remark = weights.of(request, chosen, on_bytes)
    return Grid(
        suites=suites,
        protocol=protocol,
        variants=variants,
        models=chosen,
        stacks=stacks,
        repeats=repeats,
        target=target,
        obstacles=obstacles,
        fed=fed,
        weights=filled,
        weights_folder=folder,
    ), [*remarks, *reasons, *([remark] if remark else [])]


def _check(request: Request, suites: list[Suite], protocol: Protocol, variants: Sequence[Variant]) -> None:
    """Raise BadInput where what was chosen does not go together."""
    require_latency(request, suites)
    inputs.check(request.inputs, suites, protocol)
    if request.shards > 1 and "accuracy" not in suites:
        raise BadInput("--shards belongs to the suite accuracy", "add --suite accuracy, or leave it out")
    rounds.check_precision(request.precision, suites, protocol)
    for variant in variants:
        rounds.check_iterations(variant.iterations, protocol)
        require_suites(variant, suites)


def _fed(
    request: Request, suites: Sequence[Suite], chosen: Sequence[Detector], protocol: Protocol
) -> dict[tuple[Suite, str], Inputs]:
    turns = max(protocol.warmup.max_iterations, request.variant.iterations or protocol.measure.max_iterations)
    return {
        (suite, model.builder): inputs.of(suite, model, request.inputs, protocol, turns)
        for suite in suites
        for model in chosen
    }


def _require_few(cells: int) -> None:
    if cells > MOST_CELLS:
        remedy = "take fewer --repeats or --shards"
        raise BadInput(f"these are {cells} cells, and a run has at most {MOST_CELLS}", remedy)


def _suites(names: list[str]) -> list[Suite]:
    if not names:
        raise BadInput("no suite was named", "name one: latency or accuracy")
    known: dict[str, Suite] = {name: name for name in get_args(Suite)}
    return [pick("suite", name, known) for name in dict.fromkeys(names)]


def _models(request: Request) -> list[Detector]:
    catalogue = models()
    named = [pick("model", name, catalogue) for name in dict.fromkeys(request.models) if not own.is_own(name)]
    if request.all_models or request.published_models:
        wanted = [each for each in catalogue.values() if request.all_models or each.published_2021]
        named = [*wanted, *(each for each in named if each not in wanted)]
    chosen = [*named, *own.chosen(request.models, request.code)]
    if not chosen:
        raise BadInput("no model was named", "use --model NAME, --published-models or --all-models")
    return chosen


def _environments(names: list[str], target: Target, preflight: Preflight) -> tuple[list[Environment], list[str]]:
    chosen: dict[str, Environment] = {}
    remarks = []
    if not names:
        raise BadInput("no environment was named", "name one, or auto")
    for name in dict.fromkeys(names):
        if name == "auto":
            stack, reason = preflight.choose(target)
            remarks.append(f"measuring in {stack.name}: {reason}")
        else:
            stack = environment(name)
        chosen.setdefault(stack.label, stack)  # which auto may have chosen as well
    return list(chosen.values()), remarks


def _obstacles(
    stacks: list[Environment], chosen: list[Detector], target: Target, preflight: Preflight, *, limited: bool
) -> dict[tuple[str, str], str | None]:
    """Return why each environment and model can't run here, or None. Raises the first reason where nothing can."""
    obstacles: dict[tuple[str, str], HarnessError | None] = {}
    for stack in stacks:
        obstacle = preflight.obstacle(stack, target)
        if obstacle is None and limited and stack.base:
            obstacle = preflight.no_memory_limit()
        for model in chosen:
            lacks = None if obstacle else compatibility.lacks(stack, model)
            lacking = CannotRunHere(lacks, "choose a newer --image") if lacks else None
            obstacles[stack.label, model.builder] = lacking or obstacle
    if all(obstacles.values()):
        raise next(filter(None, obstacles.values()))
    return {pair: str(error) if error else None for pair, error in obstacles.items()}
