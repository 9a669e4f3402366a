"""harness agree: compare detection passes, print and keep what came out."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console

from harness import agreeing
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible, tell
from harness.documents.agreement import Tolerances
from harness.documents.run_folder import RunFolder
from harness.documents.runs import open_run
from harness.preflight.checks import Preflight
from harness.report.agreement import agreement_table


def agree_runs(names: list[str], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    """Compare the passes of one run with one another, or of the second with the first. Returns whether all agree."""
    return _told([open_run(name) for name in names], tolerances, pictures, as_json=as_json)


def agree_swept(names: list[str], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    """Repeat the passes with each switch of the numerics turned, and compare. Returns whether all ran and agree."""
    folder, console = open_run(names[0]), Console(stderr=as_json)
    with Preflight() as preflight, interruptible(console):
        outcome = agreeing.swept(folder, preflight, progress_on(console))
    tell(console, outcome)
    agreed = _told([folder, outcome.folder], tolerances, pictures, as_json=as_json)
    return agreed and outcome.fine  # a cell that did not run agrees with nothing


def _told(runs: list[RunFolder], tolerances: Tolerances, pictures: Path | None, *, as_json: bool) -> bool:
    compared = agreeing.compared(runs, tolerances, pictures, progress_on(Console(stderr=True)))
    if as_json:
        print(json.dumps([dataclasses.asdict(each) for each in compared.agreements], indent=1))
    else:
        print_tables(Console(), [agreement_table(compared.agreements)])
        for path in compared.pictures:
            say(Console(), str(path))
    return compared.agreed
