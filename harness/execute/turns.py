"""One latency cell at a time on a device, whoever measures: its CPUs and its GPU are held while it runs.

A detection pass takes no turn: it may last for hours, and how long it takes is no figure.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from harness.documents import Plan
from harness.execute.executors.base import Executor
from harness.host import locks
from harness.host.machine import usable_cpus
from runner.contract import Job


def require(planned: Plan) -> None:
    """Raise StorageError where no cell of the plan could ever have its turn, before anything is done for it."""
    jobs = [cell.job for cell in planned.cells if cell.job.suite == "latency" and cell.skipped is None]
    for cpus in dict.fromkeys(job.variant.cpus for job in jobs):
        locks.require(_names(usable_cpus(cpus, contained=False)))


@contextmanager
def taken(job: Job, executor: Executor, run: str, on_waiting: locks.OnWaiting) -> Iterator[float | None]:
    """Hold all that the job measures on while the block runs, which gets the seconds that it was waited for.

    They are None where the job takes no turn. Raises as locks.held does.
    """
    asked, began = devices(job, executor), time.monotonic()
    with locks.held(asked, f"run {run}", on_waiting):
        yield time.monotonic() - began if asked else None


def devices(job: Job, executor: Executor) -> list[str]:
    """Return what a cell has to itself, in the one order in which everyone takes it: CPUs by number, then the GPU.

    A GPU's work is launched by CPUs, so its cell holds both.
    """
    if job.suite != "latency":
        return []
    cpus = usable_cpus(job.variant.cpus, contained=executor.name != "local")
    return [*_names(cpus), *([locks.name_of(executor.gpu)] if executor.gpu else [])]


def _names(cpus: Iterable[int]) -> list[str]:
    return [f"CPU {number}" for number in cpus]
