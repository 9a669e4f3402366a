"""What a long operation tells while it works: of a process, of a download, of a run."""

from collections.abc import Callable
from typing import Protocol

from runner.contract import Job, Result

#: Receives the file's name, the bytes that are here, and the bytes in all (None where nobody tells).
OnBytes = Callable[[str, int, int | None], None]
#: Receives each line that the runner prints on standard output.
OnLine = Callable[[str], None]


class Display(Protocol):
    """What a run tells while it executes."""

    def started(self, number: int, job: Job) -> OnLine:
        """A cell starts; the answer receives the runner's lines of progress."""
        ...

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """A cell has its result."""
        ...
