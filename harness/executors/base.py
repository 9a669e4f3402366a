"""The execution seam: a job goes in, a result file comes out, and this report says how the process ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

from harness.documents import ImageIdentity
from harness.errors import refused
from runner.contract import Job, Suite

#: Receives each line that the runner prints on standard output.
OnLine = Callable[[str], None]


@dataclass(frozen=True)
class ExitReport:
    """How the runner's process ended. `exit_code` is None where it was killed before it could have one."""

    exit_code: int | None
    timed_out: bool
    out_of_memory: bool
    wall_seconds: float
    container_id: str | None = None


class Log(FileIO):
    """What a process says, in a file. Raises StorageError, which names the file, where a line can't be written."""

    def __init__(self, path: Path):
        super().__init__(path, "w")
        self._path = path

    def write(self, said: Any) -> int:
        """Write bytes; see FileIO.write."""
        try:
            return super().write(said)
        except OSError as error:
            raise refused(error, self._path, elsewhere="") from error


class Executor(Protocol):
    """Runs the runner once. What it prints goes to `output_dir`/log.txt, and line by line to `on_line`.

    Raises KeyboardInterrupt through, after it has ended and removed what it started, and CannotRunHere where
    nothing can be started at all.
    """

    @property
    def name(self) -> str:
        """The kind of executor: docker or local."""
        ...

    @property
    def image(self) -> ImageIdentity | None:
        """The image that cells run in, None where there is none."""
        ...

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        """Execute the job in `job_path`, leaving result.json in `output_dir`, and wait for its end."""
        ...


#: An executor for each environment and suite that can run here, since a suite's images are one folder.
Executors = Mapping[tuple[str, Suite], Executor]


def executor_of(job: Job, executors: Executors) -> Executor | None:
    """Return the executor of the job's environment and suite, if there is one."""
    return executors.get((job.environment, job.suite))
