"""Executes a plan: cell after cell, each saved before the next, going on past a failed one."""

import platform

from harness import documents
from harness.documents import Host, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.execute import joining
from harness.execute.executors.base import Executor, Executors, executor_of
from harness.execute.reuse import reusable
from harness.execute.settling import execution_of, settle, without_measurement
from harness.host import gpus
from harness.host.machine import host_id
from harness.progress import Display, OnLine
from runner.contract import Failure, Result


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
            result = joining.join(folder, planned)
        elif result is None:
            on_line = display.started(number, planned.job)
            result = _execute_cell(folder, planned, executor, host, on_line)
        display.finished(number, result, reused)
        fine &= result.status == "ok" or (result.status == "skipped" and not planned.named)
    return fine


def _execute_cell(
    folder: RunFolder, planned: PlannedCell, executor: Executor | None, host: Host, on_line: OnLine
) -> Result:
    job = planned.job
    cell = folder.clear(job)
    if planned.skipped is not None or executor is None:
        reason = planned.skipped or f"the environment {job.environment} can't run here"
        failure = Failure("Skipped", reason, "see the reason", "infrastructure")
        result = without_measurement(job, "skipped", failure)
        documents.write(cell / "result.json", result)
        return result
    report = executor.run(cell / "job.json", cell, job.timeout_seconds, on_line)
    result = settle(cell, job, report)
    documents.write(cell / "execution.json", execution_of(job, result, report, executor, host))
    return result
