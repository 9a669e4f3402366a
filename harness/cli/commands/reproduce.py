"""harness reproduce: measure a published column again, and put the two side by side."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console

from harness import repeating
from harness.analysis.repetition import Reproduction
from harness.cli.console import print_table, say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible, tell
from harness.documents.run_folder import Cell, RunFolder, require_free
from harness.documents.runs import open_run
from harness.preflight.checks import Preflight
from harness.repeating import Wish
from harness.report.repetition import reproduction_table
from harness.report.table import Form


def reproduce_column(
    wish: Wish, command: list[str], out: Path | None, *, dry_run: bool, as_json: bool, long: bool
) -> bool:
    """Measure a column again and print the comparison. Returns whether every cell is ok."""
    console = Console(stderr=as_json)
    progress = progress_on(console)
    require_free(out)
    with Preflight() as preflight:
        repetition = repeating.planned(wish, command, preflight, progress, dry=dry_run)
        if dry_run:
            repeating.expected(repetition, progress)
            return True
        with interruptible(console):
            outcome = repeating.start(repetition, preflight, progress, out)
    tell(console, outcome)
    found, cells = repeating.beside(outcome.folder, repetition.column, repetition.environment.label)
    _tell(console, outcome.folder, found, cells, as_json=as_json, long=long)
    return outcome.fine


def compare_run(name: str, column: str, image: str | None, *, as_json: bool, long: bool) -> bool:
    """Compare a run that is here already with a column. Returns whether its cells of the column are all ok."""
    folder, console = open_run(name), Console(stderr=as_json)
    found, cells = repeating.beside(folder, column, image)
    _tell(console, folder, found, cells, as_json=as_json, long=long)
    return all(cell.result.status == "ok" for cell in cells)


def _tell(
    console: Console, folder: RunFolder, reproduction: Reproduction, cells: list[Cell], *, as_json: bool, long: bool
) -> None:
    if as_json:
        print(json.dumps({"run": folder.name, **dataclasses.asdict(reproduction)}, indent=1))
    elif reproduction.latency or reproduction.ap:
        print_table(console, reproduction_table(reproduction, cells), Form.LONG if long else Form.SHORT)
    else:
        say(console, "no model has a figure to compare")
