"""How long a plan will take, from this host's earlier results or from one timed iteration."""

import math
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory

from harness import documents
from harness.catalogue import models
from harness.catalogue.published import latency
from harness.documents import Host, Plan, PlannedCell
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.runs import runs
from harness.documents.spared import is_spared
from harness.errors import BadDocument
from harness.execute import settling, turns
from harness.execute.enough import Rounds
from harness.execute.executors.base import Executor, Executors, executor_of
from harness.execute.expected import Expected
from harness.execute.lengths import Lengths, leaves_open
from harness.execute.reuse import reusable
from harness.execute.work import same_work
from harness.host import machine
from harness.host.locks import OnWaiting
from runner.contract import Device, Job, Stopping
from runner.contract.statistics import summarise

#: Work of fewer iterations than this is done about as soon as it is estimated.
WORTH_A_PROBE = 10
#: Earlier runs that are looked at, newest first; the machine of long ago tells little.
RUNS_CONSIDERED = 10
#: What the folder of a probe is called, within the run's.
PROBE = ".probe-"
ONE_ITERATION = Stopping(rule="count", min_iterations=1, max_iterations=1)


Known = dict[tuple[tuple[str, ...], str], "Cost"]


@dataclass(frozen=True)
class Cost:
    """What a cell cost: everything outside the iterations, and one iteration, in seconds."""

    overhead_s: float
    iteration_s: float


def from_history(plan: Plan) -> Expected:
    """Estimate the seconds of each cell of the plan from this host's earlier results alone."""
    known, lengths = _learnt()
    pending = [cell for cell in plan.cells if not cell.skipped and not cell.joins]
    return _expected(plan, pending, known, lengths, Rounds(plan))


def for_plan(folder: RunFolder, executors: Executors, on_waiting: OnWaiting) -> Expected:
    """Estimate the seconds that each cell still takes; long work of a kind with no earlier result here is probed.

    A probe waits for its turn as a cell does. The caller holds the folder's lock.
    """
    _sweep(folder.path)
    known, lengths = _learnt()
    pending, rounds = _pending(folder, executors)
    unknown = [cell.job for cell in pending if _can_be_probed(cell.job) and seconds(cell.job, known) is None]
    for work in dict.fromkeys(map(same_work, unknown)):
        alike = [job for job in unknown if same_work(job) == work]
        executor = executor_of(alike[0], executors)
        if executor and sum(map(iterations, alike)) >= WORTH_A_PROBE:
            known |= known_costs(_probe(_middle(alike), folder, executor, on_waiting))
    return _expected(folder.plan, pending, known, lengths, rounds)


def _expected(plan: Plan, pending: Collection[PlannedCell], known: Known, lengths: Lengths, rounds: Rounds) -> Expected:
    """Return what is expected of the cells that may have to be measured, where `rounds` were measured already."""
    names = {cell.job.cell for cell in pending}
    jobs = [(cell.job, cell.job.cell in names) for cell in plan.cells]
    told = {lengths.tell(job, plan) for job, may_be in jobs if may_be and leaves_open(job)}
    expected = [
        seconds(job, known, lengths) if may_be and not _is_spare(job, plan, lengths, rounds) else 0.0
        for job, may_be in jobs
    ]
    return Expected(expected, learnt=True in told, capped=False in told)


def _is_spare(job: Job, plan: Plan, lengths: Lengths, rounds: Rounds) -> bool:
    """Tell whether earlier runs let expect that the repeat is not needed; not, once this run has taken as many."""
    enough = lengths.processes(job, plan)
    return enough is not None and rounds.measured(job) < enough < job.repeat


def _pending(folder: RunFolder, executors: Executors) -> tuple[list[PlannedCell], Rounds]:
    """Return the cells that may have to be executed, of repeats that may end early all that are not kept, and these."""
    pending, rounds = [], Rounds(folder.plan)
    for cell in folder.plan.cells:
        executor = executor_of(cell.job, executors)
        if executor is None or cell.skipped or cell.joins:
            continue
        kept = reusable(folder, cell, executor)
        if kept:
            rounds.take(kept)
        elif rounds.spare(cell.job) is None:
            pending.append(cell)
    return pending, rounds


def _learnt() -> tuple[Known, Lengths]:
    """Return what this host's earlier runs tell, the newest first; what can't be read is no help and passed over.

    A host that has no id knows none of its own.
    """
    known, lengths, own = Known(), Lengths(), machine.host_id()
    for folder in islice(runs(), RUNS_CONSIDERED) if own else ():
        with suppress(BadDocument):
            cells = folder.every_cell()
            here = [cell for cell in cells if cell.execution and cell.execution.host.id == own]
            known = known_costs(here) | known
            if here:
                lengths.learn(folder.plan, [*here, *(cell for cell in cells if is_spared(cell.result))])
    return known, lengths


def _can_be_probed(job: Job) -> bool:
    """Tell whether a part of a job can be tried: a person's own code, or pictures to come, are for its cell alone."""
    return job.model.code is None and not (job.dataset and job.dataset.follows)


def _middle(jobs: list[Job]) -> Job:
    """Return the job whose model is in the middle by GFLOPS: the best one to scale the others from."""
    gflops = {job.model.builder: models()[job.model.builder].gflops for job in jobs}
    return next(job for job in jobs if gflops[job.model.builder] == median_low(gflops.values()))


def _sweep(folder: Path) -> None:
    """Remove what a probe left when its process was killed. Nobody else's is there: the run's lock is held."""
    for left in folder.glob(f"{PROBE}*"):
        shutil.rmtree(left, ignore_errors=True)


def _probe(job: Job, folder: RunFolder, executor: Executor, on_waiting: OnWaiting) -> list[Cell]:
    """Execute the job with one warm-up and one measured iteration, or two batches; one that fails tells nothing."""
    once = replace(job.protocol, warmup=ONE_ITERATION, measure=ONE_ITERATION)
    few = slice(2 * (job.detection.batch if job.detection else 1))
    dataset = job.dataset and replace(job.dataset, ids=job.dataset.ids[few], files=job.dataset.files[few])
    job = replace(job, protocol=once, variant=replace(job.variant, iterations=None), dataset=dataset)
    with TemporaryDirectory(dir=folder.path, prefix=PROBE) as name:
        cell = Path(name)
        documents.write(cell / "job.json", job)
        with turns.taken(job, executor, folder.label, on_waiting):
            report = executor.run(cell / "job.json", cell, job.timeout_seconds, lambda line: None)
        result = settling.settle(cell, job, report)
        return [Cell(job, result, settling.execution_of(job, result, report, executor, Host(machine.host_id())))]


def cost_of(cell: Cell) -> Cost | None:
    """Return what a measured cell cost, or None where it was not measured."""
    if cell.execution is None:
        return None
    if passed := cell.result.detections:
        # The first batch warms the model up, which is no matter of how many images follow.
        images = passed.images - passed.resumed_images - (cell.job.detection.batch if cell.job.detection else 0)
        span_s = (passed.wall_ms - passed.first_batch_ms) / 1000
        return Cost(max(cell.execution.wall_seconds - span_s, 0.0), span_s / images) if images > 0 else None
    if cell.result.latency is None:
        return None
    samples = cell.result.latency.samples
    span_s = (samples.start_ms[-1] + samples.wall_ms[-1]) / 1000
    return Cost(max(cell.execution.wall_seconds - span_s, 0.0), summarise(cell.result.latency).mean_ms / 1000)


def iterations(job: Job) -> int:
    """Return how often the job calls its model at most, by image: each in a detection pass, else each iteration."""
    if job.dataset:
        return len(job.dataset.ids)
    warming_up = job.warmup_iterations if job.protocol.warmup.rule == "count" else 0  # else they are of one series
    return warming_up + job.measured_iterations


def known_costs(cells: Iterable[Cell]) -> Known:
    """Return the timing of each (kind of work, model) among cells, the first one winning: hand in newest first."""
    known: Known = {}
    for cell in cells:
        if cost := cost_of(cell):
            known.setdefault((same_work(cell.job), cell.job.model.builder), cost)
    return known


def seconds(job: Job, known: Known, lengths: Lengths | None = None) -> float | None:
    """Estimate the seconds of a cell, or None where nothing is known of its kind of work.

    A catalogued model that was never timed is scaled from the timed one that is nearest to it. A series that ends by
    itself has as many iterations as `lengths` say, else as many as its cap.
    """
    own = job.model.builder
    alike = {name: cost for (work, name), cost in known.items() if work == same_work(job)}
    kin = {name: cost for name, cost in alike.items() if name == own or {name, own} <= models().keys()}
    if not kin:
        return None
    scales = {name: _times_as_long(own, name, job.device) for name in kin}
    nearest = min(scales, key=lambda name: abs(math.log(scales[name])))
    cost = kin[nearest]
    iterating_s = ((lengths and lengths.iterations(job)) or iterations(job)) * cost.iteration_s * scales[nearest]
    if job.protocol.cap_seconds is not None and job.suite == "latency":
        iterating_s = min(iterating_s, job.protocol.cap_seconds)
    return cost.overhead_s + iterating_s


def _times_as_long(one: str, other: str, device: Device) -> float:
    """Return how many times as long a model takes as another: as published on such a device, else by GFLOPS."""
    if one == other:
        return 1.0
    published = latency()["epyc" if device == "cpu" else "t4"].latency_ms
    if one in published and other in published:
        return published[one] / published[other]
    return models()[one].gflops / models()[other].gflops
