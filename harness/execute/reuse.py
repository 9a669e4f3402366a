"""Which results of a run are those that would be measured now, and why the others are not."""

from collections import Counter

from harness import documents
from harness.documents import Execution, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument
from harness.execute.executors.base import Executor, Executors, executor_of
from harness.host import own
from harness.text import count
from runner.contract import Result


def reusable(folder: RunFolder, planned: PlannedCell, executor: Executor | None) -> Result | None:
    """Return the cell's result where it is ok and just what its job would be measured by now."""
    result, execution = _kept(folder, planned)
    if executor is None or result is None or execution is None:
        return None
    return None if outdated(result, execution, executor) or lost(folder, result) else result


def remarks(folder: RunFolder, executors: Executors) -> list[str]:
    """Return why cells that were measured before are measured again, a sentence for each reason."""
    reasons: Counter[str] = Counter()
    for planned in folder.plan.cells:
        executor = executor_of(planned.job, executors)
        result, execution = _kept(folder, planned)
        if executor and result and execution and not planned.joins:
            reason = outdated(result, execution, executor) or lost(folder, result)
            reasons.update([reason] if reason else [])
    return [f"measured again: {count(cells, 'cell')}, {why}" for why, cells in reasons.items()]


def _kept(folder: RunFolder, planned: PlannedCell) -> tuple[Result | None, Execution | None]:
    """Return what an earlier process left of the cell's very job, if it was ok and can be read."""
    try:
        result, execution = folder.result(planned.job), folder.execution(planned.job)
    except BadDocument:
        return None, None
    return (result, execution) if result and result.status == "ok" and result.job == planned.job else (None, None)


def lost(folder: RunFolder, result: Result) -> str | None:
    """Return what is missing of a detection pass that came to its end, None where its file is there."""
    if result.detections is None:
        return None
    from harness.scoring.passes import rows_of  # only now: a latency need not wait for what scores detections

    try:
        next(rows_of(folder.cell_folder(result.job) / result.detections.file), None)
    except BadDocument:
        return "since the file of its detections is gone or damaged"
    return None


def outdated(result: Result, execution: Execution, executor: Executor) -> str | None:
    """Return how a result differs from what would be measured now, None where it does not."""
    if _recipe(execution.image) != _recipe(executor.image):
        return "since the recipe of the image has changed"
    if result.runner_sha256 != own.runner_sha256():
        return "since the runner has changed" if result.runner_sha256 else "since no record tells which runner it was"
    if result.harness_version != own.version():
        return f"since it was harness {result.harness_version or 'of unknown version'}, and is {own.version()} now"
    return _other_stack(result) if executor.name == "local" else None


def _other_stack(result: Result) -> str | None:
    """Return what of the stack is another one now; an image holds its own, an interpreter may be installed anew."""
    for name, now in own.stack().items():
        then = getattr(result.software, name, None)
        if then != now:
            return f"since {name.replace('_git', ' (its commit)')} was {then}, and is {now} now"
    return None


def _recipe(image: documents.ImageIdentity | None) -> str | None:
    return image.recipe_sha256 if image else None
