"""A process of a comparison: one figure a picture on each clock, and what it was measured in; its samples are gone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.doubt import doubt_of
from harness.analysis.facts import CPU_LIBRARY
from harness.analysis.kinds import CellKinds
from harness.analysis.parts import Measurement
from harness.analysis.series import LatencySeries
from harness.analysis.visits import Visits
from harness.documents.comparison import Clock
from harness.documents.run_folder import Cell
from harness.errors import BadDocument
from runner.contract import Latency, Result

NO_CPU_TIME = "its runner did not record CPU time"
NO_GPU_WORK = "CPU time says nothing of work on a GPU"
NO_COUNT = "its runner did not count instructions"
NO_GPU_INSTRUCTIONS = "instructions of CPUs say nothing of work on a GPU"
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
    """What a cell says of its model: log figures by picture, of the time that its protocol reports and of other clocks.

    A clock that has no figures is `missing`, with the reason. `run` is the run's path, in which `round` tells what ran
    by turns.
    """

    of: Measurement
    run: str
    round: int
    builder: str
    series: LatencySeries
    figures: Mapping[Clock, Mapping[str, float]]
    missing: Mapping[Clock, str]
    libraries: tuple[str, ...]
    surroundings: Surroundings
    memory_bytes: int | None

    @property
    def wall(self) -> Mapping[str, float]:
        """The figures of the time that the protocol reports."""
        return self.figures["wall"]


class Processes:
    """Makes processes of cells; of a kind of cells, what they have in common is made once."""

    def __init__(self) -> None:
        self._kinds = CellKinds()

    def of(self, cell: Cell, run: str) -> Process | None:
        """Return what a cell says, None where it measured no latency. Raises BadDocument where a time is none.

        `run` is the path of its run.
        """
        kind = self._kinds.of(cell).timed if cell.result.latency else None
        if kind is None:
            return None
        state = kind.state if cell.result.weights_sha256 else None
        return _process(cell, run, replace(kind.series, state=state.model if state else None))


def _process(cell: Cell, run: str, series: LatencySeries) -> Process | None:
    latency, result = cell.result.latency, cell.result
    if latency is None:
        return None
    visits, statistic = Visits(latency.samples), cell.job.protocol.statistic
    wall = _logs(visits, visits.times_ms, statistic)
    if not wall or not all(np.isfinite(list(wall.values()))):
        raise BadDocument(
            f"the cell {cell.job.cell} has a sample that is no duration in ms, or none at all",
            "delete its result.json and run it again (harness run --resume)",
        )
    others = {"cpu": _cpu(cell, visits), "instructions": _instructions(cell, latency, visits)}
    return Process(
        of=Measurement(cell.execution.host.id if cell.execution else None, cell.job.cell, result.started_at),
        run=run,
        round=cell.job.repeat,
        builder=cell.job.model.builder,
        series=series,
        figures={"wall": wall, **{clock: each for clock, each in others.items() if not isinstance(each, str)}},
        missing={clock: reason for clock, reason in others.items() if isinstance(reason, str)},
        libraries=_libraries(result),
        surroundings=_surroundings(result, latency, visits),
        memory_bytes=_memory(cell),
    )


def _cpu(cell: Cell, visits: Visits) -> dict[str, float] | str:
    """Return the figures of CPU time, or why there are none."""
    if cell.job.device != "cpu":
        return NO_GPU_WORK
    if not len(visits.cpu_ms):
        return NO_CPU_TIME
    figures = _logs(visits, visits.cpu_ms, cell.job.protocol.statistic)
    return figures if all(np.isfinite(list(figures.values()))) else ZERO


def _instructions(cell: Cell, latency: Latency, visits: Visits) -> dict[str, float] | str:
    """Return the figures of instructions, or why there are none."""
    counts = latency.samples.instructions
    if cell.job.device != "cpu":
        return NO_GPU_INSTRUCTIONS
    if not counts or min(counts) < 1:
        return latency.instructions_missing_reason or NO_COUNT
    return _logs(visits, np.asarray(counts, dtype=float), cell.job.protocol.statistic)


def _logs(visits: Visits, values: np.ndarray, statistic: str) -> dict[str, float]:
    """Return the logarithm of each picture's mean or median; of what is no duration it is not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        figures = visits.means(values) if statistic == "mean" else visits.percentiles(values, 50)
        names = [name for name, seen in zip(visits.names, visits.seen.tolist(), strict=True) if seen]
        return dict(zip(names, np.log(figures).tolist(), strict=True))


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


def _surroundings(result: Result, latency: Latency, visits: Visits) -> Surroundings:
    supply, doubt = result.cpu_supply, doubt_of(result, visits)
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
