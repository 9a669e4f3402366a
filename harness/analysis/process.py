"""A process of a comparison: one figure a picture on each clock, and what it was measured in; its samples are gone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.doubt import doubt_of
from harness.analysis.facts import CPU_LIBRARY
from harness.analysis.parts import Measurement
from harness.analysis.series import LatencySeries, latency_series, state_of
from harness.documents.run_folder import Cell
from harness.errors import BadDocument
from runner.contract import Latency, Result
from runner.contract.statistics import times_ms

NO_CPU_TIME = "its runner did not record CPU time"
NO_GPU_WORK = "CPU time says nothing of work on a GPU"
ZERO = "the process's clock is too coarse for its CPU time"


@dataclass(frozen=True)
class Surroundings:
    """What else the machine did meanwhile, each None where nobody looked.

    CPUs that other work kept busy, and that other guests took; the shares of periods in which a quota stopped the
    process, and of samples in doubt.
    """

    other_load: float | None
    steal: float | None
    throttled: float | None
    doubt: float | None


@dataclass(frozen=True)
class Process:
    """What a cell says of its model: log figures by picture, of the time that its protocol reports and of CPU time.

    `cpu` is None with `cpu_missing`. `run` is the run's path, in which `round` tells what ran by turns.
    """

    of: Measurement
    run: str
    round: int
    builder: str
    series: LatencySeries
    wall: Mapping[str, float]
    cpu: Mapping[str, float] | None
    cpu_missing: str | None
    libraries: tuple[str, ...]
    surroundings: Surroundings
    memory_bytes: int | None


def process_of(cell: Cell, run: str) -> Process | None:
    """Return what a cell says, None where it measured no latency. Raises BadDocument where a time is none."""
    latency, result = cell.result.latency, cell.result
    if latency is None:
        return None
    state = state_of(cell) if result.weights_sha256 else None
    wall = _by_picture(latency, times_ms(latency.samples), cell.job.protocol.statistic)
    if not wall or not all(np.isfinite(list(wall.values()))):
        raise BadDocument(
            f"the cell {cell.job.cell} has a sample that is no duration in ms, or none at all",
            "delete its result.json and run it again (harness run --resume)",
        )
    cpu, missing = _cpu(cell, latency)
    return Process(
        of=Measurement(cell.execution.host.id if cell.execution else None, cell.job.cell, result.started_at),
        run=run,
        round=cell.job.repeat,
        builder=cell.job.model.builder,
        series=replace(latency_series(cell), state=state.model if state else None),
        wall=wall,
        cpu=cpu,
        cpu_missing=missing,
        libraries=_libraries(result),
        surroundings=_surroundings(result, latency),
        memory_bytes=_memory(cell),
    )


def _cpu(cell: Cell, latency: Latency) -> tuple[dict[str, float] | None, str | None]:
    times = latency.samples.process_cpu_ms
    if cell.job.device != "cpu":
        return None, NO_GPU_WORK
    if times is None:
        return None, NO_CPU_TIME
    figures = _by_picture(latency, times, cell.job.protocol.statistic)
    return (figures, None) if all(np.isfinite(list(figures.values()))) else (None, ZERO)


def _by_picture(latency: Latency, times: list[float], statistic: str) -> dict[str, float]:
    """Return the logarithm of each picture's mean or median over its measured visits; -inf of none at all."""
    measured = np.array([phase == "measured" for phase in latency.samples.phase])
    names, place = np.unique(np.asarray(latency.samples.image)[measured], return_inverse=True)
    values = np.asarray(times, dtype=float)[measured]
    counts = np.bincount(place, minlength=len(names))
    if statistic == "mean":
        figures = np.bincount(place, values, minlength=len(names)) / counts
    else:
        ordered, first = values[np.lexsort((values, place))], np.cumsum(counts) - counts
        figures = (ordered[first + (counts - 1) // 2] + ordered[first + counts // 2]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return dict(zip(names.tolist(), np.log(figures).tolist(), strict=True))


def _libraries(result: Result) -> tuple[str, ...]:
    loaded = result.software.shared_libraries if result.software else []
    return tuple(
        each.name if each.version is None else _named(each.name, each.version)
        for each in loaded
        if CPU_LIBRARY.search(each.name)
    )


def _named(name: str, version: str) -> str:
    """Return a library with its version: OpenBLAS says its own name, and what it was built with."""
    first, *others = version.split()
    return f"{first} {others[0]}" if others and not first[0].isdecimal() else f"{name.split('.so')[0]} {first}"


def _surroundings(result: Result, latency: Latency) -> Surroundings:
    supply, doubt = result.cpu_supply, doubt_of(result)
    throttled = (supply.throttled_periods or 0) / supply.periods if supply and supply.periods else None
    return Surroundings(
        other_load=latency.other_load_cpus,
        steal=supply.steal_cpus if supply else None,
        throttled=throttled,
        doubt=doubt.count / doubt.measured if doubt and doubt.measured else None,
    )


def _memory(cell: Cell) -> int | None:
    memory = cell.result.memory
    if memory is None:
        return None
    return memory.cuda_reserved_peak_bytes if cell.job.device == "cuda" else memory.rss_peak_bytes
