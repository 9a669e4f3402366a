"""A run read into what a merge keeps of it."""

import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.kinds import CellKinds, Sights
from harness.analysis.parts import Measurement, Part
from harness.analysis.tidy import EMPTY, Rows
from harness.analysis.tidy_rows import figures, own_labels
from harness.analysis.timed import times_of
from harness.documents.contents import Contents
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadDocument
from runner.contract import Job

#: So many bytes of documents are read before their figures are computed: a processor that turns from one work to the
#: other with every cell has the code of neither at hand, and takes a quarter longer. More would only take memory.
AT_ONCE = 1 << 19


def read(folder: RunFolder) -> tuple[Part, str]:
    """Return what stays of a run, and the hash of its cells' documents as they were read, 64 hex digits.

    Raises BadDocument where one is unusable.
    """
    own, documents = RunFolder(folder.path, folder.label), hashlib.sha256()  # whose plan goes when it has been read
    rows, kinds, sights = Rows(), CellKinds(), Sights()
    with no_collection(), _countable(folder):
        jobs = [planned.job for planned in own.plan.cells if planned.job.shard is None]
        part = Part([job.cell for job in jobs], EMPTY, [], [], [])
        for some in _in_turn(own, jobs):
            for _, contents in some:
                documents.update(contents.sha256)
            cells = [cell for job, contents in some if (cell := own.cell_of(job.cell, contents, job))]
            _take(cells, part, rows, kinds, sights)
        return replace(part, rows=rows.tidy()), documents.hexdigest()


def _in_turn(folder: RunFolder, jobs: Iterable[Job]) -> Iterator[list[tuple[Job, Contents]]]:
    """Yield the jobs with what the documents of their cells hold, some at a time, of AT_ONCE bytes or of one cell."""
    some, size = [], 0
    for job in jobs:
        contents = folder.contents(job.cell)
        some.append((job, contents))
        size += contents.size
        if size >= AT_ONCE:
            yield some
            some, size = [], 0
    yield some


def _take(cells: Sequence[Cell], part: Part, rows: Rows, kinds: CellKinds, sights: Sights) -> None:
    """Take in some cells, each step of all of them before the next one."""
    every = [assessed(cell.result, sights.visits(cell)) for cell in cells]
    said = [warnings_of(cell.result, known) for cell, known in zip(cells, every, strict=True)]
    for cell, known, warnings in zip(cells, every, said, strict=True):
        kind, host = kinds.of(cell), cell.execution.host.id if cell.execution else None
        rows.add(kind.labels | own_labels(cell, warnings), figures(cell, known, sights.design(cell)))
        part.measurements.append(Measurement(host, cell.job.cell, cell.result.started_at))
        if kind.timed:
            times = times_of(known, cell.job.protocol.statistic) if known else None
            part.timed.append(replace(kind.timed, remarks=(*kind.timed.remarks, *warnings), times=times))
        else:
            part.detected.append(cell)


@contextmanager
def _countable(folder: RunFolder) -> Iterator[None]:
    """Raise BadDocument where a number is none that a table holds: JSON has them of any length."""
    try:
        yield
    except OverflowError as error:
        reason = f"{folder.path} holds a number that is too large for any table"
        raise BadDocument(reason, "leave the run out, or measure that cell again") from error


@contextmanager
def no_collection() -> Iterator[None]:
    """Have no cycles looked for meanwhile: documents have none, and thousands of them take a third more time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
