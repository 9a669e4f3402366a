"""What a run, a build and a download look like in a log: a line for each thing that ended."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import typer
from rich.console import Console

from harness.analysis.standing import standing_of
from harness.catalogue import detector
from harness.cli.console import say
from harness.knobs.words import turned
from harness.progress import BuildDisplay, Display, OnBytes, OnLine
from harness.text import GAP, count
from runner.contract import Job, Result
from runner.contract.statistics import summarise


class Plain:
    """Tells line by line, and nothing of what is under way."""

    def __init__(self, console: Console):
        self.console = console

    def say(self, text: str) -> None:
        """Print a line."""
        say(self.console, text)

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show nothing."""
        return nullcontext()

    def downloads(self) -> AbstractContextManager[OnBytes]:
        """Show nothing."""
        return nullcontext(lambda name, here, total: None)

    def build(self) -> AbstractContextManager[BuildDisplay]:
        """Print a line as each step ends."""
        return nullcontext(PlainBuild(self.console))

    def cells(self, estimates: Sequence[float | None]) -> AbstractContextManager[Display]:
        """Print a line as each cell ends."""
        return nullcontext(PlainCells(self.console, len(estimates)))

    def agrees(self, question: str) -> bool:
        """Ask where somebody sits at a terminal, though the output may go elsewhere; else nobody agrees."""
        return sys.stdin is not None and sys.stdin.isatty() and typer.confirm(question)


class PlainBuild:
    """Prints a line about each step that ended, and a failed one whole."""

    def __init__(self, console: Console):
        self._console = console

    def at(self, step: str, latest: str) -> None:
        """Show nothing."""

    def ended(self, step: str, seconds: float | None) -> None:
        """Leave a line about the step."""
        took = "cached" if seconds is None else f"{seconds:.0f} s"
        say(self._console, self._fitting(f"  {took:>6}  {step}"))

    def failed(self, step: str, lines: Sequence[str]) -> None:
        """Show the step whole, and its last lines."""
        say(self._console, f"failed at {step}")
        for line in lines:
            say(self._console, f"  {line}")

    def _fitting(self, line: str) -> str:
        width = self._console.width - 4  # the spinner's
        return line if len(line) <= width else line[: width - 1] + "…"


class PlainCells:
    """Prints a line as each of so many cells ends."""

    def __init__(self, console: Console, total: int):
        self._console, self._total = console, total

    def waiting(self, number: int, job: Job, text: str) -> None:
        """Print what the cell waits for."""
        self._say(number, job, text)

    def started(self, number: int, job: Job) -> OnLine:
        """Show nothing."""
        return lambda line: None

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """Print the cell's outcome."""
        self._say(number, result.job, f"{_outcome(result)}{', kept' if reused else ''}")

    def _say(self, number: int, job: Job, text: str) -> None:
        name = f"{job.environment} {detector(job.model.builder).display}{_part(job)}"
        say(self._console, f"[{number}/{self._total}] {name}: {text}")


def _part(job: Job) -> str:
    parts = turned(job)
    if job.shard:
        parts.append(f"shard {job.shard.number} of {job.shard.of}")
    elif job.protocol.repeats > 1 or job.repeat > 1:
        parts.append(f"repeat {job.repeat}")
    return f" ({', '.join(parts)})" if parts else ""


def _outcome(result: Result) -> str:
    if result.detections is not None:
        return f"{count(result.detections.boxes, 'box', 'boxes')} in {count(result.detections.images, 'image')}"
    if result.latency is None or result.failure is not None:
        return f"{GAP} {result.status}: {result.failure.message if result.failure else 'no measurement'}"
    summary = summarise(result.latency)
    value = summary.value(result.job.protocol.statistic)
    standing = standing_of(result)
    capped = "capped" if result.latency.stopped_by == "cap" else ""
    ended = standing.verdict if standing else capped
    iterations = ", ".join(filter(None, (count(summary.n, "iteration"), ended)))
    return f"{value:.1f} ms ({iterations}, {summary.detections_per_image:.0f} detections an image)"
