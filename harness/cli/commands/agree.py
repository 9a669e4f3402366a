"""harness agree: compare detection passes, print and keep what came out."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console

from harness import pipeline
from harness.agreement.passes import Pass, alone, between, compare, passes_of, require_comparable, within
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible, tell
from harness.documents.agreement import Agreement, Tolerances
from harness.documents.runs import open_run
from harness.plan import sweep
from harness.preflight.checks import Preflight
from harness.report.agreement import agreement_table
from harness.report.pictures import disagreements, draw_worst


def agree_runs(names: list[str], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    """Compare the passes of one run with one another, or of the second with the first. Returns whether all agree."""
    runs = [passes_of(open_run(name)) for name in names]
    pairs = within(*runs) if len(runs) == 1 else between(*runs)
    require_comparable(pairs, *runs)
    for each in alone(pairs, *runs):
        name = f"{each.folder.name}, {each.job.cell}"
        say(Console(stderr=True), f"not compared: {name}: no other pass of its model, images and weights")
    return _told(pairs, tolerances, pictures, as_json=as_json)


def agree_swept(names: list[str], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    """Repeat the passes with each switch of the numerics turned, and compare. Returns whether all ran and agree."""
    folder, console = open_run(names[0]), Console(stderr=as_json)
    planned = sweep.plan(folder)
    with Preflight() as preflight, interruptible(console):
        outcome = pipeline.start(planned, preflight, progress_on(console), "sweep")
    tell(console, outcome)
    runs = [passes_of(each) for each in (folder, outcome.folder)]
    pairs = between(*runs)
    require_comparable(pairs, *runs)
    agreed = _told(pairs, tolerances, pictures, as_json=as_json)
    return agreed and outcome.fine  # a cell that did not run agrees with nothing


def _told(pairs: list[tuple[Pass, Pass]], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    with progress_on(Console(stderr=True)).working("comparing detections"):
        agreements = [_compared(*pair, tolerances, pictures) for pair in pairs]
    if as_json:
        print(json.dumps([dataclasses.asdict(each) for each in agreements], indent=1))
    else:
        print_tables(Console(), [agreement_table(agreements)])
        for _, other in pairs:
            for path in disagreements(other, pictures):
                say(Console(), str(path))
    return all(each.verdict != "different" for each in agreements)


def _compared(reference: Pass, other: Pass, tolerances: Tolerances, pictures: Path | None) -> Agreement:
    agreement = compare(reference, other, tolerances)
    draw_worst(agreement, reference, other, pictures)
    return agreement
