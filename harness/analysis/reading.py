"""A run read into what a merge keeps of it."""

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.kinds import CellKinds
from harness.analysis.parts import Measurement, Part
from harness.analysis.tidy import EMPTY, Rows
from harness.analysis.tidy_rows import figures, own_labels
from harness.analysis.timed import times_of
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadDocument


def read(folder: RunFolder) -> tuple[Part, str]:
    """Return what stays of a run, and the hash of its cells' documents as they were read, 64 hex digits.

    Raises BadDocument where one is unusable.
    """
    own, documents = RunFolder(folder.path, folder.label), hashlib.sha256()  # whose plan goes when it has been read
    rows, kinds = Rows(), CellKinds()
    with no_collection(), _countable(folder):
        jobs = [planned.job for planned in own.plan.cells if planned.job.shard is None]
        part = Part([job.cell for job in jobs], EMPTY, [], [], [])
        for job in jobs:
            contents = own.contents(job.cell)
            documents.update(contents.sha256)
            if cell := own.cell_of(job.cell, contents, job):
                _take(cell, part, rows, kinds)
        return replace(part, rows=rows.tidy()), documents.hexdigest()


def _take(cell: Cell, part: Part, rows: Rows, kinds: CellKinds) -> None:
    known, warnings, kind = assessed(cell.result), warnings_of(cell.result), kinds.of(cell)
    rows.add(kind.labels | own_labels(cell, warnings), figures(cell, known))
    host = cell.execution.host.id if cell.execution else None
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
