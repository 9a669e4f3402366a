"""The execution seam: a job goes in, a result file comes out, and this report says how the process ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.documents import ImageIdentity
from harness.host.gpus import HostGpu
from harness.progress import OnLine
from runner.contract import Job, Suite


@dataclass(frozen=True)
class ExitReport:
    """How the runner's process ended. `exit_code` is None where it was killed before it could have one."""

    exit_code: int | None
    timed_out: bool
    out_of_memory: bool
    wall_seconds: float
    container_id: str | None = None


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

    @property
    def gpu(self) -> HostGpu | None:
        """The GPU that cells compute on, None where it is the CPU."""
        ...

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        """Execute the job in `job_path`, leaving result.json in `output_dir`, and wait for its end."""
        ...


#: An executor for each environment and suite that can run here, since a suite's images are one folder.
Executors = Mapping[tuple[str, Suite], Executor]


def executor_of(job: Job, executors: Executors) -> Executor | None:
    """Return the executor of the job's environment and suite, if there is one."""
    return executors.get((job.environment, job.suite))
