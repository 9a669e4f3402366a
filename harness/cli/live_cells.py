"""The lines of a run on a terminal: the cell at work, and below it the whole run."""

import json
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from harness.cli.columns import BAR, WIDE, bar, words
from harness.cli.plain import PlainCells
from harness.progress import OnLine
from harness.text import duration, elided, printable
from runner.contract import Job, Result

#: What is left of a name at least, in characters.
NAME = 12


class LiveCells(PlainCells):
    """Shows the cell at work, and below it the whole run."""

    def __init__(self, console: Console, estimates: Sequence[float | None]):
        super().__init__(console, len(estimates))
        self._estimates = list(estimates)
        self.progress = Progress(
            words("{task.description}"),
            *bar(console, 8),
            words("{task.fields[latest]}"),
            console=console,
            transient=True,
        )
        self._cells = self.progress.add_task("cells", total=self._total, latest="")
        self._cell: TaskID | None = None
        self._name = ""

    def waiting(self, number: int, job: Job, text: str) -> None:
        """Show what the cell waits for."""
        self._show(self._opened(number, job), text, self._left(number, 0.0))

    def started(self, number: int, job: Job) -> OnLine:
        """Open the live line of a cell and return what moves it on."""
        began = time.monotonic()
        cell = self._opened(number, job)
        self._show(cell, "loading the model", self._left(number, 0.0))

        def on_line(line: str) -> None:
            if (event := parse(line)).get("event") == "iteration":
                of = "" if event["planned"] is None else f"/{event['planned']}"  # open until a pilot knows
                latest = f"{event['phase']} {event['done']}{of}, {event['wall_ms']:.0f} ms"
                self.progress.update(cell, completed=event["done"], total=event["planned"])
                self._show(cell, latest, self._left(number, time.monotonic() - began))

        return on_line

    def _opened(self, number: int, job: Job) -> TaskID:
        """Return the live line of the cell, which it has from when it waits for its turn or starts."""
        if self._cell is None:
            self._name = printable(f"{job.environment} {job.model.builder}")
            self._cell = self.progress.add_task("", total=None, latest="", visible=False)
            self.progress.update(self._cells, completed=number - 1)
        return self._cell

    def _show(self, cell: TaskID, latest: str, left: str) -> None:
        """Put both lines into the terminal's width: of the latest news the last clauses go first, then of the name."""
        room = self._console.width - (BAR + 2 if self._console.width >= WIDE else 1)
        latest, left = (_first_clauses(printable(text), room - NAME) for text in (latest, left))
        name = elided(self._name, room - max(len(latest), len(left)))
        self.progress.update(cell, description=name, latest=latest, visible=True)
        self.progress.update(self._cells, latest=left)

    def _left(self, number: int, elapsed_s: float) -> str:
        """Return how long the cell at work, so far `elapsed_s`, and those after it still take."""
        current, *later = self._estimates[number - 1 :]
        seconds = max((current or 0.0) - elapsed_s, 0.0) + sum(later_s or 0.0 for later_s in later)
        return f"{number} of {self._total}" + (f", about {duration(seconds)} left" if seconds else "")

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """Replace the live line by a lasting one."""
        if self._cell is not None:
            self.progress.remove_task(self._cell)
            self._cell = None
        super().finished(number, result, reused)


def _first_clauses(text: str, width: int) -> str:
    while len(text) > width and ", " in text:
        text = text.rpartition(", ")[0]
    return text


def parse(line: str) -> dict[str, Any]:
    """Return the event on a line of the runner's output, or nothing where the line is other chatter."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
