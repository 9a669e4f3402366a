"""harness agree: compare detection passes, print and keep what came out."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from harness import agreeing
from harness.agreeing import Compared, Redone
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.cli.telling import interruptible, tell
from harness.documents.agreement import Tolerances
from harness.documents.run_folder import RunFolder
from harness.documents.runs import open_run
from harness.preflight.checks import Preflight
from harness.report.agreement import agreement_table


class AgreeRequest(NamedTuple):
    """How passes are compared, which causes of a difference are fine, and how it is told."""

    tolerances: Tolerances
    pictures: Path | None
    as_json: bool
    equal_size: bool = False
    allow: Sequence[str] = ()


def agree_runs(names: list[str], asked: AgreeRequest) -> bool:
    """Compare the passes of one run with one another, or of the second with the first. Returns whether that is fine."""
    allowed = agreeing.allowed(asked.allow)
    compared = _compared([open_run(name) for name in names], asked)
    _tell(compared, asked)
    return compared.within(allowed)


def agree_swept(names: list[str], asked: AgreeRequest) -> bool:
    """Repeat the passes with each switch of the numerics turned, and compare. Returns whether all ran and is fine."""
    allowed, folder, console = agreeing.allowed(asked.allow), open_run(names[0]), Console(stderr=asked.as_json)
    with Preflight() as preflight, interruptible(console):
        outcome = agreeing.swept(folder, preflight, progress_on(console))
    tell(console, outcome)
    compared = _compared([folder, outcome.folder], asked)
    _tell(compared, asked)
    return compared.within(allowed) and outcome.fine  # a cell that did not run agrees with nothing


def agree_redone(names: list[str], asked: AgreeRequest) -> bool:
    """Compare passes, and those images again that differ, by the reference's rules. Returns as agree_runs does."""
    allowed, console = agreeing.allowed(asked.allow), Console(stderr=True)
    compared = _compared([open_run(name) for name in names], asked)
    with Preflight() as preflight, interruptible(console):
        redone, ran = agreeing.experimented(compared, asked.tolerances, preflight, progress_on(console))
    _tell(compared, asked, redone)
    return compared.within(allowed) and ran


def _compared(runs: list[RunFolder], asked: AgreeRequest) -> Compared:
    progress = progress_on(Console(stderr=True))
    return agreeing.compared(runs, asked.tolerances, asked.pictures, progress, equal_size=asked.equal_size)


def _tell(compared: Compared, asked: AgreeRequest, redone: Sequence[Redone] = ()) -> None:
    if asked.as_json:
        every = [*compared.agreements, *(each.agreement for each in redone)]
        print(json.dumps([dataclasses.asdict(each) for each in every], indent=1))
        return
    print_tables(Console(), [agreement_table(compared.agreements)])
    for text in (*(each.sentence for each in redone), *map(str, compared.pictures)):
        say(Console(), text)
