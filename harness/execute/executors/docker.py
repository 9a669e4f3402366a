"""Executes cells in containers of one image."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness.documents import ImageIdentity
from harness.execute.executors.base import ExitReport
from harness.host import own
from harness.host.gpus import HostGpu
from harness.images import owners
from harness.images.containers import CODE, IMAGES, JOB, OUT, WEIGHTS, ContainerSpec
from harness.progress import OnLine

if TYPE_CHECKING:
    from harness.images.engine import Engine


class DockerExecutor:
    """A fresh container for each cell, with the job, the images, the weights and own code mounted read-only.

    `owner` is the lock file of the run that owns the containers: once nobody holds it, they are orphans.
    """

    name = "docker"

    def __init__(
        self,
        engine: "Engine",
        image: ImageIdentity,
        owner: Path,
        images: Path | None = None,
        weights: Path | None = None,
        gpu: HostGpu | None = None,
        memory_bytes: int | None = None,
        cpus: str | None = None,
        code: Path | None = None,
    ):
        self.image = image
        self._engine = engine
        self._owner = owner
        assets = (("--images", IMAGES, images), ("--weights", WEIGHTS, weights), ("--code", CODE, code))
        self._assets = [(flag, at, path) for flag, at, path in assets if path]
        self.gpu, self._memory_bytes, self._cpus = gpu, memory_bytes, cpus

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        """Execute the job; see Executor.run."""
        started = time.monotonic()
        folders = [text for flag, at, _ in self._assets for text in (flag, at)]
        spec = ContainerSpec(
            image=self.image.id,
            command=[f"{JOB}/{job_path.name}", OUT, *folders],
            read_only={JOB: job_path.parent.resolve()} | {at: path.resolve() for _, at, path in self._assets},
            writable={OUT: output_dir.resolve()},
            labels=owners.labels(self._owner),
            memory_bytes=self._memory_bytes,
            cpus=self._cpus,
            gpu=self.gpu,
            environment=own.variables(),
        )
        report = self._engine.run(spec, timeout_s, output_dir / "log.txt", on_line)
        return ExitReport(
            exit_code=report.exit_code,
            timed_out=report.timed_out,
            out_of_memory=report.out_of_memory,
            wall_seconds=time.monotonic() - started,
            container_id=report.id,
        )
