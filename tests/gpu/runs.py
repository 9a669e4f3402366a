"""The runner by its command line, a job by file: each cell a process and a folder."""

import json
import subprocess
import sys
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runner.contract import Job, Result
from runner.contract.serialise import from_dict, to_dict
from tests.gpu.jobs import PHOTOGRAPHS, WEIGHTS
from tests.gpu.running import ROOT

#: A cell takes seconds; one that hangs is not to take the time of all others.
LONGEST_S = 180.0
TOLD_LINES = 5
#: Most of a cell is spent beside the GPU: importing torch, filling the model.
AT_ONCE = 3

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Running:
    """A cell that was started."""

    cell: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def result(self) -> Result:
        """Wait for the cell and return its result. Raises AssertionError where it leaves none."""
        try:
            code = self.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        path = self.folder / "result.json"
        told = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()[-TOLD_LINES:]
        assert path.is_file(), f"{self.cell}: the runner ended with {code} and left no result: {' / '.join(told)}"
        found = from_dict(Result, json.loads(path.read_text(encoding="utf-8")))
        assert (code == 0) == (found.status == "ok"), f"{self.cell}: {found.status}, but exit status {code}"
        return found


class Runs:
    """The cells of a check, below one folder. What a part has measured, those after it need not measure again."""

    def __init__(self, folder: Path):
        self._folder = folder

    def start(self, job: Job, images: Path = PHOTOGRAPHS) -> Running:
        """Start a cell."""
        folder = self.of(job)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").unlink(missing_ok=True)
        (folder / "job.json").write_text(_text(job), encoding="utf-8")
        given = [str(folder / "job.json"), str(folder), "--images", str(images), "--weights", str(WEIGHTS)]
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "runner", *given], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        return Running(job.cell, folder, process)

    def result(self, job: Job, images: Path = PHOTOGRAPHS) -> Result:
        """Return the result of a cell that this check has, or else runs."""
        path = self.of(job) / "result.json"
        if path.is_file() and (path.parent / "job.json").read_text(encoding="utf-8") == _text(job):
            return from_dict(Result, json.loads(path.read_text(encoding="utf-8")))
        return self.start(job, images).result()

    def measured(self, job: Job, images: Path = PHOTOGRAPHS) -> Result:
        """Return the result of a cell that has to end well."""
        found = self.result(job, images)
        said = found.failure.message if found.failure else ""
        assert found.status == "ok", f"{job.cell}: {found.status}, expected ok: {said}"
        return found

    @contextmanager
    def together(self, wanted: Mapping[Key, tuple[Job, Path]]) -> Iterator[dict[Key, "Future[Result]"]]:
        """Run cells, each with its images, a few at once; what is asked of them has to be no latency."""
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            yield {key: pool.submit(self.result, *given) for key, given in wanted.items()}
        finally:
            pool.shutdown(cancel_futures=True)

    def of(self, job: Job) -> Path:
        """Return the folder of a cell."""
        return self._folder / job.cell


def _text(job: Job) -> str:
    return json.dumps(to_dict(job), indent=1)
