"""A process of a comparison: one figure a picture on each clock, and what it was measured in; its samples are gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log

import numpy as np

from harness.analysis.doubt import doubt_of
from harness.analysis.kinds import CellKinds
from harness.analysis.observing import CPU_LIBRARY
from harness.analysis.parts import Measurement
from harness.analysis.series import LatencySeries
from harness.analysis.timed import Timed
from harness.analysis.visits import Layout, Visits
from harness.documents.comparison import Clock
from harness.documents.run_folder import Cell
from harness.errors import BadDocument
from runner.contract import Latency, Result

#: Logarithms by picture.
Figures = Mapping[str, float]
NO_CPU_TIME = "its runner did not record CPU time"
NO_COUNT = "its runner did not count instructions"
ON_GPU: dict[Clock, str] = {
    "cpu": "CPU time says nothing of work on a GPU",
    "instructions": "instructions of CPUs say nothing of work on a GPU",
}
ZERO: dict[Clock, str] = {
    "cpu": "the process's clock is too coarse for its CPU time",
    "instructions": "the kernel counted none",
}


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
    figures: Mapping[Clock, Figures]
    missing: Mapping[Clock, str]
    libraries: tuple[str, ...]
    surroundings: Surroundings
    memory_bytes: int | None

    @property
    def wall(self) -> Figures:
        """The figures of the time that the protocol reports."""
        return self.figures["wall"]


class Processes:
    """Makes processes of cells; of a kind of cells, what they have in common is made once."""

    def __init__(self) -> None:
        self._kinds = CellKinds()
        self._latest: tuple[Timed, LatencySeries, tuple[str, ...]] | None = None
        self._layout: Layout | None = None

    def of(self, cell: Cell, run: str) -> Process | None:
        """Return what a cell says, None where it measured no latency. Raises BadDocument where a time is none.

        `run` is the path of its run.
        """
        result, latency = cell.result, cell.result.latency
        kind = self._kinds.of(cell).timed if latency else None
        if latency is None or kind is None:
            return None
        visits = Visits(latency.samples, self._layout)
        self._layout = visits.layout
        series, libraries = self._alike(kind, cell)
        figures, missing = _figures(cell, latency, visits)
        return Process(
            of=Measurement(cell.execution.host.id if cell.execution else None, cell.job.cell, result.started_at),
            run=run,
            round=cell.job.repeat,
            builder=cell.job.model.builder,
            series=series,
            figures=figures,
            missing=missing,
            libraries=libraries,
            surroundings=_surroundings(result, latency, visits),
            memory_bytes=_memory(cell),
        )

    def _alike(self, kind: Timed, cell: Cell) -> tuple[LatencySeries, tuple[str, ...]]:
        """Return the series of the cells of a kind, with its state, and their libraries."""
        if self._latest is None or self._latest[0] is not kind:
            state = kind.state if cell.result.weights_sha256 else None
            series = replace(kind.series, state=state.model if state else None)
            self._latest = (kind, series, _libraries(cell.result))
        return self._latest[1:]


def _figures(cell: Cell, latency: Latency, visits: Visits) -> tuple[dict[Clock, Figures], dict[Clock, str]]:
    """Return the log figures by clock and picture, and why clocks have none. Raises BadDocument where a time is none.

    The clocks are looked at together: so few numbers take as long as they take steps.
    """
    columns, missing = _columns(cell, latency, visits)
    layout, values = visits.layout, np.array(list(columns.values()))
    means = layout.means(values) if cell.job.protocol.statistic == "mean" else layout.percentiles(values, 50)
    figures = {clock: _logs(layout.seen_names, row) for clock, row in zip(columns, means.tolist(), strict=True)}
    if not figures["wall"]:
        raise BadDocument(
            f"the cell {cell.job.cell} has a sample that is no duration in ms, or none at all",
            "delete its result.json and run it again (harness run --resume)",
        )
    zeros = {clock: ZERO[clock] for clock, known in figures.items() if not known}
    return {clock: known for clock, known in figures.items() if known}, missing | zeros


def _logs(names: Sequence[str], means: Sequence[float]) -> Figures:
    """Return logarithms by name, or none where one of the means is no finite figure above 0."""
    if not all(0 < mean < inf for mean in means):
        return {}
    return dict(zip(names, map(log, means), strict=True))


def _columns(cell: Cell, latency: Latency, visits: Visits) -> tuple[dict[Clock, np.ndarray], dict[Clock, str]]:
    """Return what each clock says of the samples, wall time first, and why one says nothing."""
    if cell.job.device != "cpu":
        return {"wall": visits.times_ms}, ON_GPU
    others: dict[Clock, np.ndarray] = {"cpu": visits.cpu_ms, "instructions": visits.instructions}
    why: dict[Clock, str] = {"cpu": NO_CPU_TIME, "instructions": latency.instructions_missing_reason or NO_COUNT}
    known = {clock: column for clock, column in others.items() if len(column)}
    return {"wall": visits.times_ms, **known}, {clock: why[clock] for clock in others if clock not in known}


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
