"""A cell that is measured again: what it has stays until all that takes its place is there."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.documents.files import read, storing, write
from harness.errors import BadDocument
from runner.contract import Job, Result, rows
from runner.contract.profile import TRACE

CELLS, AGAIN, BEFORE = "cells", "again", ".before"
#: What each try leaves, besides the rows of a detection pass, with which the next one goes on.
DOCUMENTS = ("result.json", "execution.json", "scores.json", "agreement.json", "log.txt", TRACE)
#: What is being written into a run: documents (see serialise.write_json), tables, clips, pictures (files.replacing).
PART = re.compile(r"\.[^.].*\.json\w{8}|\.(table\.md|demo\.\w+|disagreement-\d+\.png)-\w{8}")
#: Statuses of a result that does not take the place of a measured one: the try failed, and may not the next time.
FAILED = ("failed", "timed_out", "out_of_memory", "crashed")


@contextmanager
def renewed(run: Path, job: Job) -> Iterator[Path]:
    """Yield the folder for what a cell leaves, with the job in it. The caller holds the run's lock.

    It is the cell's own. Where that has a result of a measurement, or one that can't be read here, it is another,
    again/CELL, which takes its place in the end: not where the block raises, nor where what was measured before would
    give way to a try that failed. Raises StorageError.
    """
    own, again = run / CELLS / job.cell, run / AGAIN / job.cell
    before = _result(own)
    if before is None or (isinstance(before, Result) and before.status != "ok"):
        yield cleared(own, job)
        return
    yield cleared(again, job)
    after, was_another = _result(again), isinstance(before, Result) and before.job != job
    if isinstance(after, Result) and after.status in FAILED and not was_another:
        return
    with storing(own, "replaced", elsewhere=""):
        _replace(run, job.cell)


def cleared(folder: Path, job: Job) -> Path:
    """Make a cell's folder, without the documents of an earlier try, and put the job in it.

    The rows of a detection pass stay: the runner goes on with them, or starts anew, as their key says.
    """
    with storing(folder, "made anew", elsewhere=""):
        folder.mkdir(parents=True, exist_ok=True)
        parts = [path.name for path in folder.glob(".*.json*")]  # of a process that was killed while it wrote
        for name in (*DOCUMENTS, *parts):
            (folder / name).unlink(missing_ok=True)
    write(folder / "job.json", job)
    return folder


def finish(run: Path) -> None:
    """Finish what processes that were killed had begun in a run. The caller holds its lock. Raises OSError.

    A cell that was measured again, and is whole, takes its place; parts of files that were being written are removed.
    """
    _finish_replacing(run)
    for again in sorted((run / AGAIN).glob("*")):
        result = _result(again)
        if isinstance(result, Result) and result.status == "ok" and (again / "execution.json").exists():
            _replace(run, again.name)
    for folder in (run, *(run / CELLS).glob("*")):
        for part in (path for path in folder.glob(".*") if PART.fullmatch(path.name)):
            shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)


def _finish_replacing(run: Path) -> None:
    for before in sorted((run / BEFORE).glob("*")):
        own, again = run / CELLS / before.name, run / AGAIN / before.name
        if not own.exists():
            (again if again.exists() else before).rename(own)
    shutil.rmtree(run / BEFORE, ignore_errors=True)
    with suppress(OSError):  # it is not there, or has other tries
        (run / AGAIN).rmdir()


def _result(folder: Path) -> Result | BadDocument | None:
    """Return the result that lies in a folder, if there is one, or why it can't be read."""
    path = folder / "result.json"
    try:
        return read(Result, path) if path.exists() else None
    except BadDocument as error:
        return error


def _replace(run: Path, cell: str) -> None:
    """Put what was measured again in the cell's place. Should the process be killed meanwhile, finish() does it."""
    own, again, before = (run / place / cell for place in (CELLS, AGAIN, BEFORE))
    for other in own.glob("*"):  # such as a clip, or what a person has put there
        if not other.name.startswith(rows.FILE) and other.name not in (*DOCUMENTS, "job.json"):
            other.rename(again / other.name)
    before.parent.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):  # a person has removed it
        own.rename(before)
    again.rename(own)
    _finish_replacing(run)
