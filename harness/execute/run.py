"""Executes a plan: cell after cell, each saved before the next, going on past a failed one."""

import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from harness import documents
from harness.documents import Execution, Host, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument
from harness.execute import endings
from harness.execute.executors.base import Executor, Executors, ExitReport, OnLine, executor_of
from harness.execute.reuse import reusable
from harness.host import gpus, own
from harness.plan import shards
from runner.contract import SCHEMA_VERSION, Failure, Job, Result, Software, Status, pseudonym

#: The second is where D-Bus keeps it on a machine without systemd.
MACHINE_IDS = [Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")]


class Display(Protocol):
    """What a run tells while it executes."""

    def started(self, number: int, job: Job) -> OnLine:
        """A cell starts; the answer receives the runner's lines of progress."""
        ...

    def finished(self, number: int, result: Result, reused: bool) -> None:
        """A cell has its result."""
        ...


def execute(folder: RunFolder, executors: Executors, engine_version: str | None, display: Display) -> bool:
    """Execute what the folder's plan still lacks. Returns whether every cell that must be ok is.

    The caller holds the folder's lock.
    """
    host = Host(host_id(), engine_version, platform.release(), gpus.toolkit_version())
    fine = True
    for number, planned in enumerate(folder.plan.cells, start=1):
        executor = executor_of(planned.job, executors)
        result = None if planned.joins else reusable(folder, planned, executor)
        reused = result is not None
        if result is None and planned.joins and executor:
            result = shards.join(folder, planned)
        elif result is None:
            on_line = display.started(number, planned.job)
            result = _execute_cell(folder, planned, executor, host, on_line)
        display.finished(number, result, reused)
        fine &= result.status == "ok" or (result.status == "skipped" and not planned.named)
    return fine


def host_id() -> str | None:
    """Return a name for this machine that is the same in every run and reveals nothing else of it.

    None where it has no machine-id, or one that is not made yet: see machine-id(5).
    """
    for path in MACHINE_IDS:
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text(encoding="ascii").strip()
            if re.fullmatch("[0-9a-f]{32}", text) and set(text) != {"0"}:
                return pseudonym(f"{text}\n")  # with the file's last character, as ever
    return None


def _execute_cell(
    folder: RunFolder, planned: PlannedCell, executor: Executor | None, host: Host, on_line: OnLine
) -> Result:
    job = planned.job
    cell = folder.clear(job)
    if planned.skipped is not None or executor is None:
        reason = planned.skipped or f"the environment {job.environment} can't run here"
        failure = Failure("Skipped", reason, "see the reason", "infrastructure")
        result = _without_measurement(job, "skipped", failure)
        documents.write(cell / "result.json", result)
        return result
    report = executor.run(cell / "job.json", cell, job.timeout_seconds, on_line)
    result = settle(cell, job, report)
    documents.write(cell / "execution.json", execution_of(job, result, report, executor, host))
    return result


def settle(cell: Path, job: Job, report: ExitReport) -> Result:
    """Return the cell's result: the runner's own, or, where it left none, one that says how the process ended."""
    path = cell / "result.json"
    try:
        return documents.read(Result, path)
    except BadDocument as error:  # none, or one that no reader could use
        status, failure = endings.why(cell, job, report, str(error) if path.exists() else None)
    result = _without_measurement(job, status, failure)
    documents.write(path, result)
    return result


def _without_measurement(job: Job, status: Status, failure: Failure) -> Result:
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


def execution_of(job: Job, result: Result, report: ExitReport, executor: Executor, host: Host) -> Execution:
    """Return what was seen of a cell from outside."""
    image = executor.image
    found = deviations(job.expected, result.software) + (image.substitutions if image else [])
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
        pinned=image is not None and not found,
        deviations=found,
    )


def deviations(expected: Mapping[str, str], software: Software | None) -> list[str]:
    """Return each version that differs from what the environment pins; "3.9" is met by any 3.9.x."""
    if software is None:
        return []
    found = []
    for name, wanted in expected.items():
        value = getattr(software, name)
        observed = " ".join(value) if isinstance(value, list) else str(value)
        if observed != wanted and not observed.startswith(wanted + "."):
            found.append(f"{name} is {observed}, expected {wanted}")
    return found
