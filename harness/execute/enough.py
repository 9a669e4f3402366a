"""Which repeats are not needed any more, decided between cells from what is measured so far."""

from collections.abc import Hashable

from harness.documents import Plan
from harness.documents.spared import sparing
from runner.contract import Failure, Job, Result
from runner.contract.processes import enough_processes, over_processes
from runner.contract.statistics import summarise


class Rounds:
    """What the repeats of each model say so far, as a run goes on."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._figures: dict[Hashable, list[float]] = {}

    def take(self, result: Result) -> None:
        """Take in what became of a cell."""
        if result.status == "ok" and result.latency:
            figure = summarise(result.latency).value(result.job.protocol.statistic)
            self._figures.setdefault(_model(result.job), []).append(figure)

    def measured(self, job: Job) -> int:
        """Return how many processes of the job's model have a figure by now."""
        return len(self._figures.get(_model(job), []))

    def spare(self, job: Job) -> Failure | None:
        """Return why the job need not be measured, None where it has to be."""
        precision, repeating = self._plan.precision_of(job.protocol), job.protocol.repeating
        if precision is None or repeating is None or job.suite != "latency":
            return None
        figures = self._figures.get(_model(job), [])
        if len(figures) < repeating.min_repeats or not enough_processes(figures, precision, job.protocol.repeats):
            return None
        return sparing(over_processes(figures, job.protocol.repeats))


def _model(job: Job) -> Hashable:
    """Return what the repeats of one model in one environment share; each plan has one protocol and device."""
    return (job.environment, job.model, job.variant)
