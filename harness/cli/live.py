"""What a run, a build and a download look like on a terminal while they are under way."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import rich.progress
from rich.console import Console
from rich.progress import DownloadColumn, TaskID, TransferSpeedColumn
from rich.status import Status
from rich.table import Column

from harness.cli.columns import BAR, WIDE, bar, words
from harness.cli.console import said
from harness.cli.live_cells import LiveCells
from harness.cli.plain import Plain, PlainBuild
from harness.progress import BuildDisplay, Display, OnBytes, Progress
from harness.text import elided, printable

#: What the figures of a download take: 1000.0/1000.0 MB, 1000.0 MB/s, and a space before each.
FIGURES = 30


def progress_on(console: Console) -> Progress:
    """Return what tells of progress on the console: live on a terminal, else, or where NO_COLOR is set, as a log."""
    live = console.is_terminal and not console.is_dumb_terminal and not os.environ.get("NO_COLOR")
    return Live(console) if live else Plain(console)


class Live(Plain):
    """Tells on a terminal: what stays as the plain log does, what is under way in lines that move."""

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show a spinner while the block runs."""
        return self.console.status(said(text), refresh_per_second=4)

    @contextmanager
    def downloads(self) -> Iterator[OnBytes]:
        """Show a bar for each file."""
        console = self.console
        figures = (kind(table_column=Column(no_wrap=True)) for kind in (DownloadColumn, TransferSpeedColumn))
        columns = (words("{task.description}"), *bar(console, 40), *figures)
        tasks: dict[str, TaskID] = {}
        with rich.progress.Progress(*columns, console=console, transient=True) as progress:

            def on_bytes(name: str, here: int, total: int | None) -> None:
                if name not in tasks:
                    room = console.width - FIGURES - (BAR + 1 if console.width >= WIDE else 0)
                    tasks[name] = progress.add_task(elided(printable(name), room), total=total)
                progress.update(tasks[name], completed=here, total=total)

            yield on_bytes

    @contextmanager
    def build(self) -> Iterator[BuildDisplay]:
        """Show the step at work beside a spinner."""
        with self.console.status("") as status:
            yield LiveBuild(self.console, status)

    @contextmanager
    def cells(self, estimates: Sequence[float | None]) -> Iterator[Display]:
        """Show the cell at work and how far the run is."""
        display = LiveCells(self.console, estimates)
        with display.progress:
            yield display


class LiveBuild(PlainBuild):
    """Shows the step at work on the spinner's line."""

    def __init__(self, console: Console, status: Status):
        super().__init__(console)
        self._status = status

    def at(self, step: str, latest: str) -> None:
        """Move the line on."""
        self._status.update(said(self._fitting(" … ".join([step[:40], *([latest] if latest else [])]))))
