"""A plan in sentences."""

from harness.documents import Plan, PlannedCell
from harness.knobs.words import detecting
from harness.text import count
from runner.contract import Job
from runner.contract.tails import fewest_samples


def sentences(plan: Plan) -> list[str]:
    """Return what the plan will measure where, and what it can't."""
    groups: dict[tuple[str, str | None], list[PlannedCell]] = {}
    for planned in plan.cells:
        groups.setdefault((planned.job.environment, planned.skipped), []).append(planned)
    told = [_cells(name, reason, cells) for (name, reason), cells in groups.items()]
    told += list(dict.fromkeys(_recipe(cell.job) for cell in plan.cells if cell.job.shard is None))
    told += list(dict.fromkeys(text for cell in plan.cells for text in _percentile(cell.job)))
    return told + list(dict.fromkeys(text for cell in plan.cells for text in _rounds(plan, cell.job)))


def _cells(name: str, reason: str | None, cells: list[PlannedCell]) -> str:
    if reason:
        return f"{name}: skipped, {reason}"
    builders = ", ".join(dict.fromkeys(cell.job.model.builder for cell in cells))
    return f"{name} on {cells[0].job.device}: {count(len(cells), 'cell')}, {builders}"


def _rounds(plan: Plan, job: Job) -> list[str]:
    precision, repeating = plan.precision_of(job.protocol), job.protocol.repeating
    if precision is None or repeating is None or job.suite != "latency":
        return []
    order = f"in random order, by the seed {plan.order_seed}"
    if max(cell.job.repeat for cell in plan.cells) <= repeating.min_repeats:
        return [order]
    return [f"{order}; a model's repeats end once at least {repeating.min_repeats} are within ±{100 * precision:g} %"]


def _percentile(job: Job) -> list[str]:
    """Say what becomes of a percentile that was asked for."""
    percent, most, name = job.variant.percentile, job.measured_iterations, job.protocol.name
    if percent is None or job.suite != "latency":
        return []
    takes = fewest_samples(percent)
    if most < takes:
        return [f"p{percent:g} takes {takes} independent samples at least, and each cell has {most}: give --iterations"]
    if job.protocol.measure.rule == "count":
        return [f"p{percent:g} of {most} iterations, as many as the protocol {name} takes here"]
    return [f"measuring goes on until p{percent:g} has bounds, too, or to {most} iterations"]


def _recipe(job: Job) -> str:
    if job.dataset is None or job.detection is None:
        return f"protocol {job.protocol.name}: {job.protocol.title}"
    images, how = len(job.dataset.ids), [*detecting(job), f"boxes by the rule {job.detection.box_rule}"]
    return f"accuracy on {job.dataset.name} by {job.protocol.name}: {', '.join([count(images, 'image'), *how])}"
