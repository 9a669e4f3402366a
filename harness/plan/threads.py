"""How many threads cells compute with: never more than CPUs, and said where the protocol wants it to be."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from harness.catalogue import environment
from harness.documents import PlannedCell
from harness.errors import BadInput
from harness.host import machine
from harness.text import count


def check(cells: Iterable[PlannedCell]) -> None:
    """Raise BadInput where a cell was to have more threads than CPUs that it may use."""
    usable = cache(_usable)
    for job in (cell.job for cell in cells if cell.job.variant.threads):
        room = len(usable(job.environment, job.variant.cpus))
        if job.variant.threads and job.variant.threads > room:
            reason = (
                f"--threads {job.variant.threads} are more than the {count(room, 'CPU')} that {job.environment} may use"
            )
            raise BadInput(reason, f"give at most {room}")


def explicit(cells: Iterable[PlannedCell]) -> list[PlannedCell]:
    """Return the cells with their protocol's number of threads: the physical cores among the CPUs that each may use.

    Where a protocol leaves it to torch, a number was chosen, or the machine does not tell its cores, cells stay as they
    are.
    """
    cores = cache(_cores)
    return [
        _with(cell, cores(cell.job.environment, cell.job.variant.cpus)) if _is_open(cell) else cell for cell in cells
    ]


def remarks(cells: Iterable[PlannedCell]) -> list[str]:
    """Say where the number could not be told."""
    said = "this machine does not tell its physical cores, so torch chooses its threads, unless --threads does"
    return [said] if any(map(_is_open, cells)) else []


def _is_open(cell: PlannedCell) -> bool:
    return cell.job.protocol.threads is not None and cell.job.numerics.threads is None


def _cores(label: str, cpus: str | None) -> int | None:
    return machine.physical_cores(_usable(label, cpus))


def _usable(label: str, cpus: str | None) -> list[int]:
    return machine.usable_cpus(cpus, contained=environment(label).base is not None)


def _with(cell: PlannedCell, threads: int | None) -> PlannedCell:
    protocol = cell.job.protocol
    own = replace(protocol, numerics=replace(protocol.numerics, threads=threads))
    return replace(cell, job=replace(cell.job, protocol=own))
