"""harness reproduce: measure a published column again, and put the two side by side."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness import plan
from harness.analysis.naming import computing_name
from harness.analysis.repetition import compare, repeats
from harness.catalogue import Environment, columns, environment, pick
from harness.catalogue.columns import COLUMNS, MAP
from harness.catalogue.published import accuracy
from harness.cli.commands.run import built_images, run_plan
from harness.cli.console import print_table, say, working
from harness.cli.live import downloads, remaining, show_cells, show_time
from harness.documents import Plan
from harness.documents.run_folder import Cell, RunFolder, open_run
from harness.errors import BadInput, CannotRunHere
from harness.execute import estimate
from harness.host.machine import _cpu_model
from harness.plan import Request, budget, repeat
from harness.plan.request import Choice
from harness.preflight.checks import Preflight
from harness.report.repetition import reproduction_table
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


def reproduce_column(wish: Wish, command: list[str], out: Path | None, *, dry_run: bool, as_json: bool) -> bool:
    """Measure a column again and print the comparison. Returns whether every cell is ok."""
    console = Console(stderr=as_json)
    budget_s = budget.parse_budget(wish.budget) if wish.budget else None
    if out and out.exists():
        raise BadInput(f"{out} exists already", "choose another --out")
    with Preflight() as preflight:
        column = _column(console, wish.column, preflight)
        stack = environment(wish.image) if wish.image else columns.environment_of(column)
        _require(console, column, stack, preflight)
        planned = _planned(console, wish, column, stack, preflight, command)
        if dry_run:
            _show_expectation(console, planned, budget_s)
            return True
        if budget_s is not None:
            planned = _timed_and_trimmed(console, column, planned, budget_s, preflight)
        folder, fine = run_plan(console, planned, preflight, f"reproduce-{column}", out)
    _tell(console, folder, column, repeats(column, folder.cells(), stack.label), as_json=as_json)
    return fine


def compare_run(name: str, column: str, image: str | None, *, as_json: bool) -> bool:
    """Compare a run that is here already with a column. Returns whether its cells of the column are all ok."""
    folder, console = open_run(name), Console(stderr=as_json)
    everything = folder.cells()
    chosen = _like_the_run(everything) if column == "auto" else _known(column)
    cells = repeats(chosen, everything, image)
    _tell(console, folder, chosen, cells, as_json=as_json)
    return all(cell.result.status == "ok" for cell in cells)


def _known(column: str) -> str:
    return pick("column", column, {name: name for name in COLUMNS})


def _like_the_run(cells: list[Cell]) -> str:
    """Return the column that the run's cells are the most like: by what they measured, and on which machine."""
    if any(cell.job.dataset for cell in cells):
        return MAP
    for cell in cells:
        if machine := computing_name(cell.result):
            return columns.choose(machine if cell.job.device == "cuda" else None, machine)[0]
    raise BadInput("no cell of the run tells what machine it ran on", "name the --column")


def _column(console: Console, name: str, preflight: Preflight) -> str:
    """Return the column that is meant, and say which and why where the harness chose it."""
    if name != "auto":
        return _known(name)
    gpu = preflight.target("auto").gpu
    column, reason = columns.choose(gpu.title if gpu else None, _cpu_model())
    for remark in preflight.left_out("auto") if gpu is None else []:
        say(console, remark)
    say(console, f"the column {column}: {reason}")
    return column


def _require(console: Console, column: str, stack: Environment, preflight: Preflight) -> None:
    """Say which columns can't be measured here. Raises why, where the chosen one is among them."""
    lacking: dict[str, list[str]] = {}
    for other in (name for name in COLUMNS if name != column):
        if found := repeat.obstacle(other, columns.environment_of(other), preflight):
            lacking.setdefault(str(found), []).append(other)
    for reason, names in lacking.items():
        say(console, f"{', '.join(names)} can't be reproduced here: {reason}")
    obstacle = repeat.obstacle(column, stack, preflight)
    if obstacle:
        raise CannotRunHere(f"{column} can't be reproduced here: {obstacle.reason}", obstacle.remedy)
    if stack.name != columns.environment_of(column).name:
        say(console, f"{stack.label} is other software than the published one: {stack.title}")


def _planned(
    console: Console, wish: Wish, column: str, stack: Environment, preflight: Preflight, command: list[str]
) -> Plan:
    table = columns.published_of(column)
    for name in wish.models:
        pick(f"model in the column {column}", name, table)
    request = Request(
        images=[stack.label],
        models=wish.models or list(table),
        suites=["accuracy" if column == MAP else "latency"],
        protocol=columns.protocol_of(column),
        device=columns.device_of(column),
        weights=pick("kind of weights", wish.weights, WEIGHTS),
        inputs=Choice(dataset=accuracy().dataset) if column == MAP else Choice(),
    )
    with downloads(console) as on_bytes:
        planned, remarks = plan.make(request, command, preflight, on_bytes)
    for remark in remarks:
        say(console, remark)
    show_cells(console, planned)
    return planned


def _show_expectation(console: Console, planned: Plan, budget_s: float | None) -> None:
    """Print what is expected of the plan without running anything: by earlier results alone."""
    expected = estimate.from_history(planned)
    if budget_s is not None and None not in expected:
        planned = _trimmed(console, planned, budget.PLANNED_FOR * budget_s)
    elif budget_s is not None:
        say(console, "what the budget holds is known once one model was timed for a moment")
    show_time(console, estimate.from_history(planned))


def _timed_and_trimmed(console: Console, column: str, planned: Plan, budget_s: float, preflight: Preflight) -> Plan:
    """Return the plan with as many iterations as the budget holds, after a moment of its largest model.

    That moment is a run of its own, so that the estimates of this plan and of later ones know it.
    """
    built_images(console, planned, preflight)  # in plain sight, since the pilot prints nothing
    with working(console, "timing the largest model for a moment"):
        folder, fine = run_plan(Console(quiet=True), budget.pilot(planned), preflight, f"reproduce-{column}-pilot")
    (cell,) = folder.cells()
    if not fine or cell.execution is None:
        reason = cell.result.failure.message if cell.result.failure else "it was not measured"
        raise CannotRunHere(f"{cell.job.model.builder} could not be timed: {reason}", f"read {folder.path}")
    return _trimmed(console, planned, budget.PLANNED_FOR * budget_s - cell.execution.wall_seconds)


def _trimmed(console: Console, planned: Plan, left_s: float) -> Plan:
    """Return the plan with as many iterations, or images, as fit. Raises BadInput where not even one does."""
    whole = budget.length(planned)
    shortest_s = remaining(estimate.from_history(budget.shortened(planned, 1)))
    n = budget.affordable(shortest_s, remaining(estimate.from_history(planned)), whole, left_s)
    what = "images" if planned.cells[0].job.dataset else "iterations"
    if n == 0:
        raise BadInput(
            f"one of the {whole} {what} of each model takes about {duration(shortest_s)} already, which is more than "
            f"the {duration(max(left_s, 0.0))} that are left of the budget",
            "give a larger --budget, or choose fewer models with --model",
        )
    holds = f"all {whole} {what}" if n == whole else f"{n} of {whole} {what}"
    say(console, f"the budget holds {holds} of each model")
    return planned if n == whole else budget.shortened(planned, n)


def _tell(console: Console, folder: RunFolder, column: str, cells: list[Cell], *, as_json: bool) -> None:
    found = compare(column, cells)
    if as_json:
        print(json.dumps({"run": folder.name, **dataclasses.asdict(found)}, indent=1))
    elif found.latency or found.ap:
        print_table(console, reproduction_table(found, cells))
    else:
        say(console, "no model has a figure to compare")
