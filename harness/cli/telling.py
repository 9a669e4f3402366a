"""What the commands that measure have in common: how a run's interruption and its outcome are told."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from harness.cli.console import print_tables, say
from harness.host.interruptions import INTERRUPTED
from harness.pipeline import Interrupted, Outcome
from harness.report.table import Form


@contextmanager
def interruptible(console: Console) -> Iterator[None]:
    """End the command, with how to go on, where the run in the block is interrupted."""
    try:
        yield
    except Interrupted as interrupted:
        say(console, f"interrupted; go on with: harness run --resume {shlex.quote(interrupted.run)}")
        raise typer.Exit(INTERRUPTED) from None


def tell(console: Console, outcome: Outcome, form: Form = Form.SHORT) -> None:
    """Print a run's tables, where the rest is, and what could not be judged."""
    folder = outcome.folder
    print_tables(console, outcome.tables, form)
    say(console, f"raw samples, hardware and software of each cell: {folder.path}")
    say(console, f"as a page with charts: harness report {shlex.quote(folder.name)} -o DIR")
    for error in outcome.unjudged:
        say(console, str(error))
