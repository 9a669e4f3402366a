"""What a cell's process left, made a result and an execution."""

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from harness import documents
from harness.documents import Execution, Host
from harness.errors import BadDocument
from harness.execute import endings
from harness.execute.executors.base import Executor, ExitReport
from harness.host import own
from harness.images.pins import deviations
from runner.contract import SCHEMA_VERSION, Failure, Job, Result, Status, rows


def settle(cell: Path, job: Job, report: ExitReport) -> Result:
    """Return the cell's result: the runner's own, or, where it left none, one that says how the process ended.

    The rows of a pass whose process was killed become one file, unless others still read it, who do that then.
    """
    if job.dataset and not job.dataset.follows:
        with suppress(sqlite3.Error):  # who goes on with it, or reads it, is told what is wrong with it
            rows.settle(cell / rows.FILE)
    path = cell / "result.json"
    try:
        return documents.read(Result, path)
    except BadDocument as error:  # none, or one that no reader could use
        status, failure = endings.why(cell, job, report, error.reason if path.exists() else None)
    result = without_measurement(job, status, failure)
    documents.write(path, result)
    return result


def without_measurement(job: Job, status: Status, failure: Failure) -> Result:
    """Return the result of a cell that measured nothing."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Result(
        SCHEMA_VERSION,
        job,
        status,
        started_at=now,
        finished_at=now,
        failure=failure,
        runner_sha256=own.runner_sha256(),
        harness_version=own.version(),
    )


def execution_of(
    job: Job,
    result: Result,
    report: ExitReport,
    executor: Executor,
    host: Host,
    waited_s: float | None = None,
) -> Execution:
    """Return what was seen of a cell from outside, which waited so long for its turn."""
    image = executor.image
    differing = deviations(job.expected, result.software) + (image.substitutions if image else [])
    return Execution(
        schema_version=SCHEMA_VERSION,
        cell=job.cell,
        executor=executor.name,
        host=host,
        exit_code=report.exit_code,
        timed_out=report.timed_out,
        out_of_memory=report.out_of_memory,
        wall_seconds=report.wall_seconds,
        container_id=report.container_id,
        image=image,
        pinned=image is not None and not differing,
        deviations=differing,
        waited_seconds=waited_s,
    )
