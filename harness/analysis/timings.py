"""What the page says of each model that was timed: one figure over its repeats, and how far to trust it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.analysis.assessed import assessed
from harness.analysis.gates import gates
from harness.analysis.labels import labels_of
from harness.analysis.repeats import OverRepeats, over_repeats
from harness.analysis.series import LatencySeries, grouped, latency_series, state_of
from harness.analysis.timed import TimedFigures, times_of
from harness.catalogue import Detector, detector, detectors
from harness.documents.agreement import Agreement
from harness.documents.run_folder import Cell
from harness.errors import BadDocument
from runner.contract import Latency
from runner.contract.statistics import measured_ms


@dataclass(frozen=True, kw_only=True)
class Timing(OverRepeats):
    """A model timed in a series. `number` is the series' place among the series, and `label` names it.

    memory_bytes is the peak of the GPU's memory, or of the process on a CPU. `agreement` is the worst of the
    environment's passes of this model.
    """

    number: int
    series: LatencySeries
    label: str
    model: Detector
    cells: list[Cell]
    memory_bytes: int | None
    agreement: Agreement | None

    @property
    def span_ms(self) -> tuple[float, float]:
        """The 95 % interval; where there are too few samples for one, the fastest and the slowest of them."""
        if self.low_ms is not None and self.high_ms is not None:
            return self.low_ms, self.high_ms
        values = [ms for latency in latencies(self.cells) for ms in measured_ms(latency)]
        return min(values), max(values)

    def is_surely_faster_than(self, other: "Timing") -> bool:
        """Tell whether all of this one's span lies below the other's."""
        return self.span_ms[1] < other.span_ms[0]


def timings_of(cells: Sequence[Cell]) -> list[Timing]:
    """Return every model that was timed, series by series: in the order of the catalogue, people's own behind it.

    Raises BadDocument where a sample is no duration.
    """
    timed = [cell for cell in cells if cell.result.latency]
    shown = detectors(cell.job.model.builder for cell in timed)
    by_model_of = {
        series: {model.builder: [cell for cell in alike if cell.job.model.builder == model.builder] for model in shown}
        for series, alike in grouped((latency_series(cell), state_of(cell), cell) for cell in timed).items()
    }
    named, gate = _labels(list(by_model_of)), gates(cells)
    return [
        _timing(
            number,
            series,
            named[series],
            model,
            by_model[model.builder],
            gate.get((series.detecting, model.builder)),
        )
        for number, (series, by_model) in enumerate(by_model_of.items())
        for model in shown
        if by_model[model.builder]
    ]


def _labels(series: list[LatencySeries]) -> dict[LatencySeries, str]:
    """Name the series as the table does, without the hardware where all of several share it."""
    named = labels_of(series)
    if len(series) == 1 or len({each.hardware for each in series}) > 1:
        return named
    return {each: label.replace(f" · {each.hardware}", "", 1) for each, label in named.items()}


def latencies(cells: Iterable[Cell]) -> list[Latency]:
    """Return the measurements of the cells that have one."""
    return [cell.result.latency for cell in cells if cell.result.latency]


def _timing(
    number: int,
    series: LatencySeries,
    label: str,
    model: Detector,
    cells: list[Cell],
    agreement: Agreement | None,
) -> Timing:
    for cell in cells:
        _check(cell)
    return Timing(
        **vars(over_repeats([_times(cell) for cell in cells], cells[0].job.protocol)),
        number=number,
        series=series,
        label=label,
        model=replace(model, tasks=detector(model.builder, cells[0].result.makes).tasks),
        cells=cells,
        memory_bytes=max((bytes_ for cell in cells if (bytes_ := _peak_bytes(cell)) is not None), default=None),
        agreement=agreement,
    )


def _times(cell: Cell) -> TimedFigures:
    known = assessed(cell.result)
    if known is None:
        raise ValueError(f"{cell.job.cell} has no latency")
    return times_of(known, cell.job.protocol.statistic)


def _check(cell: Cell) -> None:
    for latency in latencies([cell]):
        measured = measured_ms(latency)
        times = [*measured, *latency.samples.wall_ms, *latency.samples.start_ms]
        if not measured or not all(0 <= time < math.inf for time in times) or not min(measured):
            raise BadDocument(
                f"the cell {cell.job.cell} has a sample that is no duration in ms, or none at all",
                "delete its result.json and run it again (harness run --resume)",
            )


def _peak_bytes(cell: Cell) -> int | None:
    memory = cell.result.memory
    if memory is None:
        return None
    return memory.cuda_reserved_peak_bytes if cell.job.device == "cuda" else memory.rss_peak_bytes
