"""From what a person asks for to the ordered cells of a run."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from harness import paths
from harness.catalogue import Detector, Environment, Model, environment, labels, models, pick, protocols
from harness.data import checkpoints
from harness.documents import Plan, PlannedCell
from harness.documents.run_folder import cell_name
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.plan import inputs, ladder, own, rounds, shards, threads
from harness.plan.inputs import Inputs
from harness.plan.request import Request, require_latency, require_suites
from harness.preflight import compatibility
from harness.preflight.checks import Preflight, Target
from harness.progress import OnBytes
from harness.text import printable
from runner.contract import SCHEMA_VERSION, Job, ModelSpec, Suite, Weights

#: What --weights takes beside a file's path.
KNOWN_WEIGHTS = ("pretrained", "random", "shapes", "auto")
#: Of a run. Its plan is held in memory: at some 4 kB a cell, that of so many is as large as a run of weeks.
MOST_CELLS = 100_000
#: Iterations of the pass that looks at stages, where the latency takes no fewer.
STAGED = 30
#: Iterations that are profiled, which a profiler makes longer.
PROFILED = 12


def make(request: Request, command: list[str], preflight: Preflight, on_bytes: OnBytes) -> tuple[Plan, list[str]]:
    """Resolve a request into a plan, and the remarks that a person should read with it.

    Raises HarnessError where a name is unknown, where the weights can't be had, or where nothing can run.
    """
    suites = _suites(request.suites)
    protocol = pick("protocol", request.protocol, protocols())
    protocol = rounds.with_repeats(protocol, request.repeats)
    require_latency(request, suites)
    inputs.check(request.inputs, suites, protocol)
    rounds.check_precision(request.precision, suites, protocol)
    variants = [request.variant, *request.ladder]
    for variant in variants:
        rounds.check_iterations(variant.iterations, protocol)
        require_suites(variant, suites)
    chosen = _models(request)
    target = preflight.target(request.device)
    remarks = preflight.left_out(request.device)
    stacks, reasons = _environments(request.images, target, preflight)
    obstacles = _obstacles(stacks, chosen, target, preflight, limited=request.memory_bytes is not None)
    repeats = request.repeats or protocol.repeats
    _require_few(len(chosen) * len(stacks) * len(variants) * max(repeats if "latency" in suites else 1, request.shards))
    turns = max(protocol.warmup.max_iterations, request.variant.iterations or protocol.measure.max_iterations)
    fed = {
        (suite, model.builder): inputs.of(suite, model, request.inputs, protocol, turns)
        for suite in suites
        for model in chosen
    }
    weights, weights_folder, remark = _weights(request, chosen, on_bytes)
    blank = Job(
        schema_version=SCHEMA_VERSION,
        cell="",
        environment="",
        suite="latency",
        model=ModelSpec("", Weights("random")),
        device=target.device,
        protocol=protocol,
        variant=request.variant,
        repeat=1,
        images=[],
        expected={},
        skip_bad_images=request.inputs.skip_bad_images,
    )
    cells = [
        PlannedCell(
            job=_job(
                _looking(replace(blank, suite=suite, repeat=repeat, variant=variant), request),
                stack,
                model,
                weights[model.builder],
                feed,
                ladder.step(variant, variants),
            ),
            named=not request.all_models,
            skipped=obstacles[stack.label, model.builder],
            annotations=str(feed.annotations.resolve()) if feed.annotations else None,
        )
        for suite in suites
        # Interleaved over the environments, since the largest noise is over time. A detection pass has none.
        for repeat in range(1, 1 + (1 if suite == "accuracy" else repeats))
        for model in chosen
        for stack in stacks
        for variant in variants
        for feed in [fed[suite, model.builder]]
    ]
    threads.check(cells)
    cells, seed = threads.explicit(cells), rounds.seed_for(protocol)
    if seed is not None:
        cells = rounds.ordered(cells, seed)
    said = threads.remarks(cells) + [text for feed in fed.values() for text in feed.remarks]
    said += own.remarks(chosen, weights, stacks)
    said += [
        text
        for (_, builder), feed in fed.items()
        for text in labels.beside_coco(weights[builder].kind, builder, feed.used_categories)
    ]
    folders = {suite: feed.folder for (suite, _), feed in fed.items()}
    return Plan(
        schema_version=SCHEMA_VERSION,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=[printable(_without_uuid(text, request.device, target)) for text in command],
        gpu=target.gpu.pseudonym if target.gpu else None,
        memory_bytes=request.memory_bytes,
        images_folder=_text(folders.get("latency")),
        weights_folder=_text(weights_folder),
        dataset_folder=_text(folders.get("accuracy")),
        code_folder=_text(request.code),
        cells=[part for cell in cells for part in shards.split(cell, request.shards)],
        order_seed=seed,
        precision=request.precision,
    ), list(dict.fromkeys([*remarks, *reasons, *([remark] if remark else []), *said]))


def _looking(job: Job, request: Request) -> Job:
    """Return a job with how many iterations look inside, where that is asked for and the suite is latency."""
    if job.suite != "latency":
        return job
    return replace(job, stages=STAGED if request.stages else None, profile=PROFILED if request.profile else None)


def _without_uuid(text: str, device: str, target: Target) -> str:
    """Return an argument of the command line with the GPU's pseudonym, which --device takes too, for its UUID."""
    which = device.partition(":")[2]
    if target.gpu is None or which.isdecimal() or not which:
        return text
    return text.replace(device, f"cuda:{target.gpu.pseudonym}")


def _text(folder: Path | None) -> str | None:
    return str(folder.resolve()) if folder else None


def _job(blank: Job, stack: Environment, model: Detector, weights: Weights, feed: Inputs, step: Sequence[str]) -> Job:
    part = f"r{blank.repeat}" if feed.dataset is None else f"on-{feed.dataset.name}"
    return replace(
        blank,
        cell=cell_name(stack.label, model.builder, blank.protocol.name, blank.device, *step, part),
        environment=stack.label,
        model=model.spec(weights),
        images=feed.images,
        dataset=feed.dataset,
        expected=stack.pins,
    )


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
    if request.all_models:
        named = list(catalogue.values())
    elif request.published_models:
        named = [model for model in catalogue.values() if model.published_2021]
    chosen = [*named, *own.chosen(request.models, request.code)]
    if not chosen:
        raise BadInput("no model was named", "use --model NAME, --published-models or --all-models")
    return chosen


def _environments(names: list[str], target: Target, preflight: Preflight) -> tuple[list[Environment], list[str]]:
    chosen, remarks = [], []
    if not names:
        raise BadInput("no environment was named", "name one, or auto")
    for name in dict.fromkeys(names):
        if name == "auto":
            stack, reason = preflight.choose(target)
            remarks.append(f"measuring in {stack.name}: {reason}")
        else:
            stack = environment(name)
        chosen.append(stack)
    return chosen, remarks


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


def _weights(
    request: Request, chosen: list[Detector], on_bytes: OnBytes
) -> tuple[dict[str, Weights], Path | None, str | None]:
    text = request.weights
    _check_norm_eps(request)
    if text not in KNOWN_WEIGHTS:
        return _from_file(request, chosen)
    catalogued = [model for model in chosen if isinstance(model, Model)]
    filled = own.filled(chosen, text)
    random = filled | {model.builder: Weights(kind="random", seed=0) for model in catalogued}
    if text == "random" or not catalogued:
        return random, None, None
    if text == "shapes":
        bundled = checkpoints.shapes_weights(catalogued)
        return filled | {model.builder: bundled for model in catalogued}, paths.SHAPES_WEIGHTS.parent, None
    if request.dry:
        promised = {model.builder: checkpoints.promised(model) for model in catalogued}
        remark = checkpoints.to_be_fetched(catalogued, or_random=text == "auto")
        return filled | promised, paths.weights_folder(), remark
    try:
        fetched = {model.builder: checkpoints.pretrained(model, on_bytes) for model in catalogued}
        return filled | fetched, paths.weights_folder(), None
    except CannotRunHere as error:
        if text == "pretrained":
            raise
        return random, None, f"random weights: {error.reason}"


def _from_file(request: Request, chosen: list[Detector]) -> tuple[dict[str, Weights], Path, None]:
    if len(chosen) > 1:
        raise BadInput(f"the weights {request.weights} are one model's", "name that model alone with --model")
    if request.norm_eps is not None and not isinstance(chosen[0], Model):
        raise BadInput("--norm-eps is of torchvision's models", "leave it out, and let your own code choose")
    path = Path(request.weights)
    return {chosen[0].builder: replace(checkpoints.weights_file(path), norm_eps=request.norm_eps)}, path.parent, None


def _check_norm_eps(request: Request) -> None:
    """Raise BadInput where an epsilon was chosen that is none, or for weights whose graph is known."""
    eps = request.norm_eps
    if eps is None:
        return
    if request.weights in KNOWN_WEIGHTS:
        raise BadInput(f"--norm-eps says how a file of weights was trained, not {request.weights} ones", "leave it out")
    if not (math.isfinite(eps) and eps >= 0):
        raise BadInput(f"--norm-eps {eps:g} is no epsilon of a batch norm", "give 0, 1e-5 or another small number")
