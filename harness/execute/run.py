"""Executes a plan: cell after cell, each saved before the next, going on past a failed one."""

import platform
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness import documents
from harness.documents import Host, PlannedCell
from harness.documents.renewing import renewed
from harness.documents.run_folder import RunFolder
from harness.documents.spared import is_spared
from harness.execute import joining, turns
from harness.execute.enough import Rounds
from harness.execute.executors.base import Executor, Executors, executor_of
from harness.execute.reuse import reusable
from harness.execute.settling import execution_of, settle, without_measurement
from harness.host import toolkit
from harness.host.machine import host_id
from harness.progress import Display
from harness.text import duration
from runner.contract import Failure, Job, Result

#: How long a cell has waited for its turn at least, in seconds, if that is told once more.
WORTH_TELLING_S = 1.0


def execute(folder: RunFolder, executors: Executors, engine_version: str | None, display: Display) -> bool:
    """Execute what the folder's plan still lacks. Returns whether every cell that must be ok is.

    The caller holds the folder's lock.
    """
    host = Host(host_id(), engine_version, platform.release(), toolkit.version())
    fine, rounds = True, Rounds(folder.plan)
    for number, planned in enumerate(folder.plan.cells, start=1):
        executor = executor_of(planned.job, executors) if planned.skipped is None else None
        result = None if planned.joins else reusable(folder, planned, executor)
        reused = result is not None
        if result is None and planned.joins and executor:
            result = joining.join(folder, planned)
        elif result is None and executor:
            spared = rounds.spare(planned.job)
            result = _skip(folder, planned.job, spared) if spared else None
            result = result or _execute_cell(folder, planned.job, executor, host, number, display)
        elif result is None:
            result = _skip(folder, planned.job, _obstacle(planned))
        rounds.take(result)
        display.finished(number, result, reused)
        fine &= result.status == "ok" or is_spared(result) or (result.status == "skipped" and not planned.named)
    return fine


def _obstacle(planned: PlannedCell) -> Failure:
    reason = planned.skipped or f"the environment {planned.job.environment} can't run here"
    return Failure("Skipped", reason, "see the reason", "infrastructure")


def _skip(folder: RunFolder, job: Job, why: Failure) -> Result:
    result = without_measurement(job, "skipped", why)
    with renewed(folder.path, job) as cell:
        documents.write(cell / "result.json", result)
    return result


def _execute_cell(folder: RunFolder, job: Job, executor: Executor, host: Host, number: int, display: Display) -> Result:
    on_waiting = partial(display.waiting, number, job)
    with turns.taken(job, executor, folder.label, on_waiting) as waited_s:
        if waited_s and waited_s >= WORTH_TELLING_S:
            on_waiting(f"its turn after {duration(waited_s)}")
        with renewed(folder.path, job) as cell:
            on_line = display.started(number, job)
            report = executor.run(cell / "job.json", cell, job.timeout_seconds, on_line)
            result = settle(cell, job, report)
            documents.write(cell / "execution.json", execution_of(job, result, report, executor, host, waited_s))
    return _beside(result, folder, cell)


def _beside(result: Result, folder: RunFolder, cell: Path) -> Result:
    """Return the result, and where it lies if what was measured before has kept its place."""
    if result.failure is None or cell == folder.cell_folder(result.job) or not cell.exists():
        return result
    kept = f"{result.failure.message} (what was measured before is kept, this try lies in {cell})"
    return replace(result, failure=replace(result.failure, message=kept))
