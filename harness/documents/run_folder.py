"""The folder of a run: results/RUN-ID with plan.json and one folder per cell."""

import fcntl
import os
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from harness import documents
from harness.documents import renewing
from harness.documents.agreement import Agreement
from harness.documents.contents import NOTHING, Contents
from harness.documents.execution import Execution
from harness.documents.files import content_of, parsed, storing
from harness.documents.names import is_cell_name
from harness.documents.plan import Plan
from harness.documents.scores import CellScores
from harness.documents.sharing import Shared
from harness.errors import BadDocument, BadInput, another_place
from harness.paths import results_folder
from runner.contract import Document, Job, Result
from runner.contract.profile import TRACE

D = TypeVar("D", bound=Document)

#: How what a demo lacks is had.
MADE_ANEW = "make it anew: harness demo"
#: How long who only looks whether a run is executed may keep it from being so, in seconds.
LOOKED_AT_S = 0.3


@dataclass(frozen=True)
class Cell:
    """What one cell of the named run left behind."""

    job: Job
    result: Result
    execution: Execution | None
    scores: CellScores | None = None
    agreement: Agreement | None = None
    run: str = ""


def is_held(lock: Path) -> bool | None:
    """Tell whether a process holds the lock of a run, None where this user may not look. Nothing is written."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: several may look at once
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def require_free(path: Path | None) -> None:
    """Raise BadInput where something is in the place that a person named for a new run, if one did, or StorageError."""
    if path is None:
        return
    with storing(path, "made"):
        taken = path.exists()
    if taken:
        raise _taken(path)


def _taken(path: Path) -> BadInput:
    going_on = f", or go on with --resume {path}" if (path / "plan.json").is_file() else ""
    return BadInput(f"{path} exists already", f"choose another --out{going_on}")


class RunFolder:
    """A run on disk. Its documents are read when they are asked for, and written whole or not at all."""

    def __init__(self, path: Path, label: str | None = None):
        """`label` is what tables call the run, which say nothing of where it lies: the folder's name, unless given."""
        self.path = path
        self._shared = Shared()
        self.label = _as_text(label or path.resolve().name)

    @classmethod
    def create(cls, path: Path | None, name: str) -> "RunFolder":
        """Make a new folder: `path`, or results/TIME-NAME-XXXX. Raises BadInput where it exists already."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        made = path or results_folder() / f"{stamp}-{name}-{secrets.token_hex(2)}"
        with storing(made, "made", another_place(path)):
            try:
                made.mkdir(parents=True)
            except FileExistsError:
                raise _taken(made) from None
        return cls(made)

    @property
    def name(self) -> str:
        """What --resume and report know the run by: its ID under results/, its path elsewhere."""
        results = results_folder()
        path = self.path.relative_to(results) if self.path.is_relative_to(results) else self.path
        return _as_text(str(path))

    @cached_property
    def plan(self) -> Plan:
        """The plan that the run executes. Raises BadDocument where it is unusable or names a folder elsewhere."""
        plan = documents.read(Plan, self.path / "plan.json", self._shared)
        for name in (cell.job.cell for cell in plan.cells):
            if not is_cell_name(name):
                raise BadDocument(f"{self.path / 'plan.json'} names a cell {name!r:.80}", "this is no run of a harness")
        return plan

    def replan(self, plan: Plan) -> None:
        """Put a plan in the place of the run's own. The caller holds the folder's lock."""
        documents.write(self.path / "plan.json", plan)
        self.plan = plan

    @property
    def going_on(self) -> str:
        """How what the run lacks is had."""
        resuming = f"go on with: harness run --resume {shlex.quote(self.name)}"
        return MADE_ANEW if self.plan.is_demo else resuming

    @property
    def lock_path(self) -> Path:
        """The lock that the process executing the run holds."""
        return self.path / ".lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process. Raises BadInput where another one executes it, StorageError."""
        lock = FileLock(self.lock_path)
        with storing(self.lock_path, "locked", elsewhere=""):
            try:
                lock.acquire(timeout=LOOKED_AT_S, poll_interval=LOOKED_AT_S / 10)
            except Timeout:
                raise self._is_executed() from None
        try:
            with storing(self.path, "written", elsewhere=""):
                renewing.finish(self.path)
            self.__dict__.pop("plan", None)  # read before, it may be another's by now
            yield
        finally:
            lock.release()

    def require_idle(self) -> None:
        """Raise BadInput where a process executes the run: what it has by now is no whole. Nothing is written."""
        if is_held(self.lock_path):
            raise self._is_executed()

    def _is_executed(self) -> BadInput:
        return BadInput(f"the run {self.name} is being executed by another process", "wait for it, or end it first")

    def cell_folder(self, job: Job) -> Path:
        """The folder of the cell."""
        return self.path / renewing.CELLS / job.cell

    def clip(self, job: Job) -> Path:
        """The video that shows what the cell detected, where one was made; its first frame lies beside it as .jpg."""
        return self.cell_folder(job) / "demo.mp4"

    def trace(self, job: Job) -> Path:
        """The trace of the cell's profile, for Perfetto, where one was kept."""
        return self.cell_folder(job) / TRACE

    def clear(self, job: Job) -> Path:
        """Make the cell's folder, without the documents of an earlier try, and put the job in it.

        The rows of a detection pass stay: the runner goes on with them, or starts anew, as their key says.
        """
        return renewing.cleared(self.cell_folder(job), job)

    def result(self, job: Job) -> Result | None:
        """Return the cell's result, if it has one. Raises BadDocument where it is unusable."""
        return self._document(Result, job.cell, "result.json")

    def execution(self, job: Job) -> Execution | None:
        """Return what the harness saw while the cell ran, if it ran."""
        return self._document(Execution, job.cell, "execution.json")

    def scores(self, job: Job) -> CellScores | None:
        """Return the scores of the cell's detections, if it has any."""
        return self._document(CellScores, job.cell, "scores.json")

    def _document(self, kind: type[D], cell: str, name: str) -> D | None:
        path = self.path / "cells" / cell / name
        return _parsed(kind, path, content_of(path))

    def contents(self, cell: str) -> Contents:
        """Return what the cell's documents hold, unread. Raises BadDocument where a file can't be read."""
        place = f"{self.path}/cells/{cell}/"
        result = content_of(f"{place}result.json")
        if result is None:
            return NOTHING
        names = ("execution.json", "scores.json", "agreement.json")
        return Contents(result, *(content_of(f"{place}{name}") for name in names))

    def cell_of(self, cell: str, contents: Contents, job: Job | None = None) -> Cell | None:
        """Return the cell that the contents are of; None where it has no result, or one of another job than that named.

        Raises BadDocument where a document is unusable.
        """
        if contents.result is None:
            return None
        place = f"{self.path}/cells/{cell}/"
        result = parsed(Result, f"{place}result.json", contents.result, self._shared)
        if job not in (None, result.job):
            return None
        execution = _parsed(Execution, f"{place}execution.json", contents.execution)
        scores = _parsed(CellScores, f"{place}scores.json", contents.scores)
        agreement = _parsed(Agreement, f"{place}agreement.json", contents.agreement)
        return Cell(result.job, result, execution, scores, agreement, self.label)

    def cells(self) -> list[Cell]:
        """Return the cells that have a result, in the order of the plan; of a pass in shards, the whole alone."""
        return list(self.stream())

    def every_cell(self) -> list[Cell]:
        """Return every cell that has a result, shards too, in the order of the plan."""
        return list(self._read([planned.job for planned in self.plan.cells]))

    def stream(self) -> Iterator[Cell]:
        """Yield what cells() returns, one at a time: a long run is more than fits in memory."""
        return self._read([planned.job for planned in self.plan.cells if planned.job.shard is None])

    def _read(self, jobs: list[Job]) -> Iterator[Cell]:
        """Yield the cells; the result of another job, as of a plan that was changed since, is none of a cell's."""
        for job in jobs:
            if cell := self.cell_of(job.cell, self.contents(job.cell), job):
                yield cell


def _parsed(kind: type[D], path: Path | str, content: bytes | None) -> D | None:
    return None if content is None else parsed(kind, path, content)


def _as_text(name: str) -> str:
    """Return a file's name as text: one that is none goes into no table."""
    return name.encode(errors="backslashreplace").decode()
