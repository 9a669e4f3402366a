"""How long what ends by itself took in earlier runs: the iterations of a series, and the processes of a model."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from harness.documents import Plan
from harness.documents.run_folder import Cell
from harness.documents.spared import is_spared
from harness.execute.work import same_work
from runner.contract import Job


@dataclass
class Lengths:
    """What the newest run that tells had, by what was asked for."""

    _iterations: dict[Hashable, int] = field(default_factory=dict)
    _processes: dict[Hashable, int] = field(default_factory=dict)

    def learn(self, plan: Plan, cells: Sequence[Cell]) -> None:
        """Take in a run, the newest one first. Of one that is not at its end, no number of processes is known."""
        timed = [cell for cell in cells if cell.job.suite == "latency" and cell.result.latency]
        for alike in _by(_series, timed):
            lengths = [len(latency.samples.phase) for cell in alike if (latency := cell.result.latency)]
            self._iterations.setdefault(_series(alike[0].job), round(fmean(lengths)))
        spared = {_model(cell.job) for cell in cells if is_spared(cell.result)}
        for alike in _by(_model, timed):
            job = alike[0].job
            if _model(job) in spared or len(alike) == job.protocol.repeats:
                self._processes.setdefault((_model(job), plan.precision_of(job.protocol)), len(alike))

    def iterations(self, job: Job) -> int | None:
        """Return how many iterations a series like the job's had, None where counts end it or no run tells."""
        return self._iterations.get(_series(job)) if _is_open(job) else None

    def processes(self, job: Job, plan: Plan) -> int | None:
        """Return how many processes the job's model took, None where all are measured or no run tells."""
        return self._processes.get((_model(job), plan.precision_of(job.protocol))) if job.protocol.repeating else None

    def tell(self, job: Job, plan: Plan) -> bool:
        """Tell whether all is known that the job leaves open."""
        series, repeats = not _is_open(job), job.protocol.repeating is None
        return (series or self.iterations(job) is not None) and (repeats or self.processes(job, plan) is not None)


def leaves_open(job: Job) -> bool:
    """Tell whether a job, or its model's repeats, may end before the protocol's caps."""
    return job.suite == "latency" and (_is_open(job) or job.protocol.repeating is not None)


def _is_open(job: Job) -> bool:
    return job.suite == "latency" and job.protocol.measure.rule != "count"


def _series(job: Job) -> Hashable:
    """Return what two jobs share if their series are expected to end alike."""
    protocol, variant = job.protocol, job.variant
    return (
        same_work(job),
        job.model.builder,
        protocol.warmup,
        protocol.measure,
        variant.iterations,
        variant.percentile,
    )


def _model(job: Job) -> Hashable:
    return (_series(job), job.protocol.repeats, job.protocol.repeating)


def _by(key: Callable[[Job], Hashable], cells: Iterable[Cell]) -> list[list[Cell]]:
    groups: dict[Hashable, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell.job), []).append(cell)
    return list(groups.values())
