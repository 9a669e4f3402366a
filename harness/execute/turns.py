"""One latency cell at a time on a device, whoever measures: its CPUs and its GPU are held while it runs.

A detection pass takes no turn: it may last for hours, and how long it takes is no figure.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from harness.documents import Plan
from harness.execute.executors.base import Executor
from harness.host import locks
from harness.host.machine import every_cpu
from runner.contract import Job
from runner.contract.cpus import parse_cpus


def require(planned: Plan) -> None:
    """Raise StorageError where no cell of the plan could ever have its turn, before anything is done for it."""
    jobs = [cell.job for cell in planned.cells if cell.job.suite == "latency" and cell.skipped is None]
    for cpus in dict.fromkeys(job.variant.cpus for job in jobs):
        locks.require(_cpus(cpus, os.sched_getaffinity(0)))


@contextmanager
def taken(job: Job, executor: Executor, run: str, on_waiting: locks.OnWaiting) -> Iterator[None]:
    """Hold all that the job measures on while the block runs. Raises as locks.held does."""
    with locks.held(devices(job, executor), f"run {run}", on_waiting):
        yield


def devices(job: Job, executor: Executor) -> list[str]:
    """Return what a cell has to itself, in the one order in which everyone takes it: CPUs by number, then the GPU.

    A GPU's work is launched by CPUs, so its cell holds both.
    """
    if job.suite != "latency":
        return []
    # A process of this one's may use what this one may; a container is the engine's, and may use all there is.
    usable = os.sched_getaffinity(0) if executor.name == "local" else every_cpu()
    return [*_cpus(job.variant.cpus, usable), *([locks.name_of(executor.gpu)] if executor.gpu else [])]


def _cpus(chosen: str | None, usable: "set[int] | list[int]") -> list[str]:
    return [f"CPU {number}" for number in (parse_cpus(chosen) if chosen else sorted(usable))]
