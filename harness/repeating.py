"""The use case of measuring a published column again: which one, in what software, and how much of it is afforded."""

from dataclasses import dataclass, replace
from pathlib import Path

from harness import pipeline
from harness.analysis.naming import computing_name
from harness.analysis.repetition import Reproduction, compare, repeats
from harness.catalogue import Environment, columns, environment, pick
from harness.catalogue.columns import COLUMNS, MAP
from harness.catalogue.published import accuracy
from harness.documents import Plan
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput, CannotRunHere
from harness.execute import estimate
from harness.execute.expected import ESTIMATING, Expected
from harness.host.machine import cpu_model
from harness.pipeline import Outcome
from harness.plan import Request, budget, repeat
from harness.plan.request import Choice
from harness.preflight.checks import Preflight
from harness.progress import Progress, Silent
from harness.text import duration

WEIGHTS = {name: name for name in ("pretrained", "random", "auto")}


@dataclass(frozen=True)
class Wish:
    """What to reproduce, in the words of the command line; None leaves the column's own choice."""

    column: str
    models: list[str]
    image: str | None
    weights: str
    budget: str | None


@dataclass(frozen=True)
class Repetition:
    """A column, the environment that it is repeated in, the plan, and the seconds that it may take."""

    column: str
    environment: Environment
    plan: Plan
    budget_s: float | None


def planned(
    wish: Wish, command: list[str], preflight: Preflight, progress: Progress, *, dry: bool = False
) -> Repetition:
    """Plan the column that is meant, a `dry` plan without fetching. Raises CannotRunHere where it can't be measured."""
    budget_s = None if wish.budget is None else budget.parse_budget(wish.budget)
    column = _column(wish.column, preflight, progress)
    stack = columns.environment_of(column) if wish.image is None else environment(wish.image)
    _require(column, stack, preflight, progress)
    request = replace(_request(wish, column, stack), dry=dry)
    return Repetition(column, stack, pipeline.planned(request, command, preflight, progress), budget_s)


def expected(repetition: Repetition, progress: Progress) -> None:
    """Tell what is expected of the plan without running anything: by earlier results alone. Raises as start would."""
    made, budget_s = repetition.plan, repetition.budget_s
    if budget_s is not None and None not in _estimated(made, progress).seconds:
        made = _trimmed(made, budget.PLANNED_FOR * budget_s, progress)
    elif budget_s is not None:
        progress.say("what the budget holds is known once one model was timed for a moment")
    pipeline.foretell(made, progress)


def start(repetition: Repetition, preflight: Preflight, progress: Progress, out: Path | None) -> Outcome:
    """Measure as much of the column as the budget holds. Raises as pipeline.start."""
    made = repetition.plan
    if repetition.budget_s is not None:
        made = _timed_and_trimmed(repetition.column, made, repetition.budget_s, preflight, progress)
    return pipeline.start(made, preflight, progress, f"reproduce-{repetition.column}", out)


def beside(folder: RunFolder, column: str, image: str | None) -> tuple[Reproduction, list[Cell]]:
    """Put a column beside the cells of a run that repeat it, and return those, too. Raises as repeats and compare."""
    everything = folder.cells()
    chosen = column_of(column, everything)
    cells = repeats(chosen, everything, image)
    return compare(chosen, cells), cells


def column_of(name: str, cells: list[Cell]) -> str:
    """Return the column that cells repeat: the named one, or for `auto` the one that they are the most like."""
    return _like_the_run(cells) if name == "auto" else known(name)


def known(column: str) -> str:
    """Return the column's name. Raises BadInput where there is none of it."""
    return pick("column", column, {name: name for name in COLUMNS})


def _like_the_run(cells: list[Cell]) -> str:
    """Return the column that the run's cells are the most like: by what they measured, and on which machine."""
    if any(cell.job.dataset for cell in cells):
        return MAP
    for cell in cells:
        if machine := computing_name(cell.result):
            return columns.choose(machine if cell.job.device == "cuda" else None, machine)[0]
    raise BadInput("no cell of the run tells what machine it ran on", "name the --column")


def _column(name: str, preflight: Preflight, progress: Progress) -> str:
    """Return the column that is meant, and say which and why where the harness chose it."""
    if name != "auto":
        return known(name)
    gpu = preflight.target("auto").gpu
    column, reason = columns.choose(gpu.title if gpu else None, cpu_model())
    for remark in preflight.left_out("auto") if gpu is None else []:
        progress.say(remark)
    progress.say(f"the column {column}: {reason}")
    return column


def _require(column: str, stack: Environment, preflight: Preflight, progress: Progress) -> None:
    """Say which columns can't be measured here. Raises why, where the chosen one is among them."""
    lacking: dict[str, list[str]] = {}
    for other in (name for name in COLUMNS if name != column):
        if obstacle := repeat.obstacle(other, columns.environment_of(other), preflight):
            lacking.setdefault(str(obstacle), []).append(other)
    for reason, names in lacking.items():
        progress.say(f"{', '.join(names)} can't be reproduced here: {reason}")
    if obstacle := repeat.obstacle(column, stack, preflight):
        raise CannotRunHere(f"{column} can't be reproduced here: {obstacle.reason}", obstacle.remedy)
    if stack.name != columns.environment_of(column).name:
        progress.say(f"{stack.label} is other software than the published one: {stack.title}")


def _request(wish: Wish, column: str, stack: Environment) -> Request:
    table = columns.published_of(column)
    for name in wish.models:
        pick(f"model in the column {column}", name, table)
    return Request(
        images=[stack.label],
        models=wish.models or list(table),
        suites=["accuracy" if column == MAP else "latency"],
        protocol=columns.protocol_of(column),
        device=columns.device_of(column),
        weights=pick("kind of weights", wish.weights, WEIGHTS),
        inputs=Choice(dataset=accuracy().dataset) if column == MAP else Choice(),
    )


def _timed_and_trimmed(column: str, made: Plan, budget_s: float, preflight: Preflight, progress: Progress) -> Plan:
    """Return the plan with as many iterations as the budget holds, after a moment of its largest model.

    That moment is a run of its own, so that the estimates of this plan and of later ones know it.
    """
    pipeline.built_images(made, preflight, progress)  # in plain sight, since the pilot tells nothing
    with progress.working("timing the largest model for a moment"):
        pilot = pipeline.start(budget.pilot(made), preflight, Silent(), f"reproduce-{column}-pilot")
    (cell,) = pilot.folder.cells()
    if not pilot.fine or cell.execution is None:
        reason = cell.result.failure.message if cell.result.failure else "it was not measured"
        raise CannotRunHere(f"{cell.job.model.builder} could not be timed: {reason}", f"read {pilot.folder.path}")
    return _trimmed(made, budget.PLANNED_FOR * budget_s - cell.execution.wall_seconds, progress)


def _trimmed(made: Plan, left_s: float, progress: Progress) -> Plan:
    """Return the plan with as many iterations, or images, as fit. Raises BadInput where not even one does."""
    whole = budget.length(made)
    shortest_s = _estimated(budget.shortened(made, 1), progress).total
    n = budget.affordable(shortest_s, _estimated(made, progress).total, whole, left_s)
    what = "images" if made.cells[0].job.dataset else "iterations"
    if n == 0:
        raise BadInput(
            f"one of the {whole} {what} of each model takes about {duration(shortest_s)} already, which is more than "
            f"the {duration(max(left_s, 0.0))} that are left of the budget",
            "give a larger --budget, or choose fewer models with --model",
        )
    holds = f"all {whole} {what}" if n == whole else f"{n} of {whole} {what}"
    progress.say(f"the budget holds {holds} of each model")
    return made if n == whole else budget.shortened(made, n)


def _estimated(made: Plan, progress: Progress) -> Expected:
    with progress.working(ESTIMATING):
        return estimate.from_history(made)
