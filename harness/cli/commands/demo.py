"""harness demo: detect in every frame, draw, and say where the clip is."""

import shlex
from pathlib import Path

import typer
from rich.console import Console

from harness import showing
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.host.interruptions import INTERRUPTED
from harness.pipeline import Interrupted
from harness.preflight.checks import Preflight
from harness.text import count


def show(wish: showing.Showing, command: list[str], out: Path | None) -> bool:
    """Make the clip that is wished for. Returns whether all that belongs to it is made, too."""
    console = Console()
    try:
        with Preflight() as preflight:
            shown = showing.start(wish, command, preflight, progress_on(console), out)
    except Interrupted:
        say(console, "interrupted; nothing is left behind")
        raise typer.Exit(INTERRUPTED) from None
    print_tables(console, shown.outcome.tables)
    for remark in [*shown.remarks, *map(str, shown.outcome.unjudged)]:
        say(console, remark)
    say(console, f"{count(shown.frames, 'frame')}: {shown.clip}")
    say(console, f"as a page with its clip: harness report {shlex.quote(shown.outcome.folder.name)} -o DIR")
    return shown.outcome.fine
