"""What a long operation tells while it works, and the one thing that it asks; who listens decides how it is shown."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

from runner.contract import Job, Result

#: Receives the file's name, the bytes that are here, and the bytes in all (None where nobody tells).
OnBytes = Callable[[str, int, int | None], None]
#: Receives each line that the runner prints on standard output.
OnLine = Callable[[str], None]


class Display(Protocol):
    """What the execution of a plan tells."""

    def waiting(self, number: int, job: Job, text: str) -> None:
        """A cell can't start yet; `text` says what it waits for. Told again, by any thread, as that changes."""
        ...

    def started(self, number: int, job: Job) -> OnLine:
        """A cell starts; the answer receives the runner's lines of progress."""
        ...

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """A cell has its result."""
        ...


class BuildDisplay(Protocol):
    """What the build of an image tells."""

    def at(self, step: str, latest: str) -> None:
        """A step is at work; `latest` is the last line that it printed, or empty."""
        ...

    def ended(self, step: str, seconds: float | None) -> None:
        """A step ended; None where the engine had its result already."""
        ...

    def failed(self, step: str, lines: Sequence[str]) -> None:
        """A step failed; these are its last lines."""
        ...


@runtime_checkable
class Progress(Protocol):
    """What the use cases tell."""

    def say(self, text: str) -> None:
        """Tell a sentence that stays."""
        ...

    def working(self, text: str) -> AbstractContextManager[object]:
        """Tell what is under way while the block runs."""
        ...

    def downloads(self) -> AbstractContextManager[OnBytes]:
        """Tell of files that come over the network while the block runs."""
        ...

    def build(self) -> AbstractContextManager[BuildDisplay]:
        """Tell of an image that is built while the block runs."""
        ...

    def cells(self, estimates: Sequence[float | None]) -> AbstractContextManager[Display]:
        """Tell of a plan's execution while the block runs, given the seconds expected of each cell, None if unknown."""
        ...

    def agrees(self, question: str) -> bool:
        """Ask a person; nobody agrees where nobody is there."""
        ...


class Silent:
    """Tells nothing, in every role; nobody agrees to anything."""

    def __repr__(self) -> str:
        return "Silent()"

    def say(self, text: str) -> None:
        """Say nothing."""

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show nothing."""
        return nullcontext()

    def downloads(self) -> AbstractContextManager[OnBytes]:
        """Show nothing."""
        return nullcontext(lambda name, here, total: None)

    def build(self) -> AbstractContextManager["Silent"]:
        """Show nothing."""
        return nullcontext(self)

    def cells(self, estimates: Sequence[float | None]) -> AbstractContextManager["Silent"]:
        """Show nothing."""
        return nullcontext(self)

    def agrees(self, question: str) -> bool:
        """Agree to nothing."""
        return False

    def waiting(self, number: int, job: Job, text: str) -> None:
        """Show nothing."""

    def started(self, number: int, job: Job) -> OnLine:
        """Show nothing."""
        return lambda line: None

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """Show nothing."""

    def at(self, step: str, latest: str) -> None:
        """Show nothing."""

    def ended(self, step: str, seconds: float | None) -> None:
        """Show nothing."""

    def failed(self, step: str, lines: Sequence[str]) -> None:
        """Show nothing."""


class Noting:
    """Tells another all that it is told, and keeps the sentences that stay."""

    def __init__(self, other: Progress):
        self.said: list[str] = []
        self._other = other
        self.working, self.downloads, self.build = other.working, other.downloads, other.build
        self.cells, self.agrees = other.cells, other.agrees

    def say(self, text: str) -> None:
        """Keep the sentence and tell it."""
        self.said.append(text)
        self._other.say(text)
