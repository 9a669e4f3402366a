"""What a person sees while a run executes: the plan, a live line for the cell at work, a line for each that ended."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Column

from harness.catalogue import models
from harness.cli.console import say
from harness.documents import Plan, PlannedCell
from harness.progress import OnBytes, OnLine
from harness.text import GAP, duration, elided, printable
from runner.contract import Job, Result
from runner.statistics import summarise

#: A terminal narrower than this has no room for a bar beside the words.
WIDE = 60
#: What a bar takes at least, and what is left of a name at least, in characters.
BAR, NAME = 4, 12
#: What the figures of a download take: 1000.0/1000.0 MB, 1000.0 MB/s, and a space before each.
FIGURES = 30


class LiveDisplay:
    """Shows a run on a terminal, live; where the output is no terminal, one line as each cell ends.

    `estimates` are the expected seconds of each cell, None where nothing is known.
    """

    def __init__(self, console: Console, plan: Plan, estimates: list[float | None]):
        self._console = console
        self._estimates = estimates
        self._total = len(plan.cells)
        self._progress = Progress(
            _words("{task.description}"),
            *_bar(console, 8),
            _words("{task.fields[latest]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._cells = self._progress.add_task("cells", total=self._total, latest="")
        self._cell: TaskID | None = None
        self._name = ""

    @contextmanager
    def live(self) -> Iterator["LiveDisplay"]:
        """Keep the live lines on the screen while the block runs."""
        with self._progress:
            yield self

    def started(self, number: int, job: Job) -> OnLine:
        """Open the live line of a cell and return what moves it on."""
        began = time.monotonic()
        self._name = printable(f"{job.environment} {job.model.builder}")
        self._cell = cell = self._progress.add_task("", total=None, latest="", visible=False)
        self._progress.update(self._cells, completed=number - 1)
        self._show(cell, "loading the model", self._left(number, 0.0))

        def on_line(line: str) -> None:
            if (event := parse(line)).get("event") == "iteration":
                latest = f"{event['phase']} {event['done']}/{event['planned']}, {event['wall_ms']:.0f} ms"
                self._progress.update(cell, completed=event["done"], total=event["planned"])
                self._show(cell, latest, self._left(number, time.monotonic() - began))

        return on_line

    def _show(self, cell: TaskID, latest: str, left: str) -> None:
        """Put both lines into the terminal's width: of the latest news the last clauses go first, then of the name."""
        room = self._console.width - (BAR + 2 if self._console.width >= WIDE else 1)
        latest, left = (_first_clauses(printable(text), room - NAME) for text in (latest, left))
        name = elided(self._name, room - max(len(latest), len(left)))
        self._progress.update(cell, description=name, latest=latest, visible=True)
        self._progress.update(self._cells, latest=left)

    def _left(self, number: int, elapsed_s: float) -> str:
        """Return how long the cell at work, so far `elapsed_s`, and those after it still take."""
        current, *later = self._estimates[number - 1 :]
        seconds = max((current or 0.0) - elapsed_s, 0.0) + remaining(later)
        return f"{number} of {self._total}" + (f", about {duration(seconds)} left" if seconds else "")

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """Replace the live line by a lasting one."""
        if self._cell is not None:
            self._progress.remove_task(self._cell)
            self._cell = None
        job = result.job
        name = f"{job.environment} {models()[job.model.builder].display}{_part(job)}"
        say(self._console, f"[{number}/{self._total}] {name}: {_outcome(result)}{', kept' if reused else ''}")


def _words(form: str) -> TextColumn:
    """Return a column of text, which is no markup and stays on one line."""
    return TextColumn(form, markup=False, table_column=Column(no_wrap=True))


def _bar(console: Console, width: int) -> list[ProgressColumn]:
    return [BarColumn(bar_width=width)] if console.width >= WIDE else []


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


def remaining(estimates: list[float | None]) -> float:
    """Return the seconds that are left, as far as they are known."""
    return sum(seconds or 0.0 for seconds in estimates)


def show_cells(console: Console, plan: Plan) -> None:
    """Print what the plan will measure where, and what it can't."""
    groups: dict[tuple[str, str | None], list[PlannedCell]] = {}
    for planned in plan.cells:
        groups.setdefault((planned.job.environment, planned.skipped), []).append(planned)
    for (name, reason), cells in groups.items():
        builders = ", ".join(dict.fromkeys(cell.job.model.builder for cell in cells))
        count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
        text = f"{name}: skipped, {reason}" if reason else f"{name} on {cells[0].job.device}: {count}, {builders}"
        say(console, text)
    for line in dict.fromkeys(_recipe(cell.job) for cell in plan.cells if cell.job.shard is None):
        say(console, line)


def _recipe(job: Job) -> str:
    if job.dataset is None or job.detection is None:
        return f"protocol {job.protocol.name}: {job.protocol.title}"
    images, how = len(job.dataset.ids), job.detection
    return (
        f"accuracy on {job.dataset.name} by {job.protocol.name}: {images} image{'s' if images > 1 else ''}, "
        f"read by {how.reader}, batch {how.batch}, boxes by the rule {how.box_rule}"
    )


def show_time(console: Console, estimates: list[float | None]) -> None:
    """Print how long it will take, as far as anything is known."""
    unknown = sum(seconds is None for seconds in estimates)
    time = f"about {duration(remaining(estimates))}" if any(estimates) else "unknown, nothing like it was run here yet"
    more = f", not counting {unknown} of unknown length" if unknown and any(estimates) else ""
    say(console, f"expected time: {time}{more}")


@contextmanager
def downloads(console: Console) -> Iterator[OnBytes]:
    """Show files that come over the network; the answer receives their progress."""
    figures = (kind(table_column=Column(no_wrap=True)) for kind in (DownloadColumn, TransferSpeedColumn))
    columns = (_words("{task.description}"), *_bar(console, 40), *figures)
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def on_bytes(name: str, here: int, total: int | None) -> None:
            if name not in tasks:
                room = console.width - FIGURES - (BAR + 1 if console.width >= WIDE else 0)
                tasks[name] = progress.add_task(elided(printable(name), room), total=total)
            progress.update(tasks[name], completed=here, total=total)

        yield on_bytes


def _part(job: Job) -> str:
    if job.shard:
        return f" (shard {job.shard.number} of {job.shard.of})"
    return f" (repeat {job.repeat})" if job.protocol.repeats > 1 or job.repeat > 1 else ""


def _outcome(result: Result) -> str:
    if result.detections is not None:
        return f"{result.detections.boxes} boxes in {result.detections.images} images"
    if result.latency is None or result.failure is not None:
        return f"{GAP} {result.status}: {result.failure.message if result.failure else 'no measurement'}"
    summary = summarise(result.latency)
    value = summary.value(result.job.protocol.statistic)
    capped = ", capped" if result.latency.stopped_by == "cap" else ""
    iterations = f"{summary.n} iteration{'s' if summary.n > 1 else ''}{capped}"
    return f"{value:.1f} ms ({iterations}, {summary.detections_per_image:.0f} detections an image)"
