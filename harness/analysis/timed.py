"""What stays of a cell that was timed when its samples have gone: thousands of them fit in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.analysis.assessed import Assessed
from harness.analysis.ladders import Steps, steps_of
from harness.analysis.series import LatencySeries, State, latency_series, state_of
from harness.analysis.tails import Tail
from harness.analysis.work import UNKNOWN, Worked
from harness.documents.run_folder import Cell
from harness.documents.spared import is_spared
from runner.contract import Protocol


@dataclass(frozen=True)
class Stack:
    """The software of a cell in words, None where it left none on record, and whether it is what the pins say."""

    text: str | None
    pinned: bool
    deviations: tuple[str, ...]


class TimedFigures(NamedTuple):
    """The figures of a cell: `ms` is what its protocol reports, the ends of its interval are None where not known.

    `effective` is how many independent samples there are, where that was counted, cpu_ms the CPU time of a call,
    `tail` the percentile that was asked for, if any, and `work` what the model is made of and computes.
    """

    ms: float
    low_ms: float | None
    high_ms: float | None
    p99_ms: float | None
    detections: float
    iterations: int
    images_per_second: float
    effective: float | None = None
    cpu_ms: float | None = None
    tail: Tail | None = None
    work: Worked = UNKNOWN


@dataclass(frozen=True)
class Timed:
    """What the latency table needs of a cell, and a merge: `steps` are what was asked for of knobs that make ladders.

    `times` is None where nothing was measured.
    """

    series: LatencySeries
    state: State | None
    builder: str
    protocol: Protocol
    stack: Stack
    remarks: tuple[str, ...]
    times: TimedFigures | None
    steps: Steps = ()

    @property
    def kind(self) -> "Timed":
        """This without its figures: of thousands of cells there are few kinds."""
        return replace(self, times=None)


def timed(cell: Cell, assessed: Assessed | None, warnings: Sequence[str]) -> Timed:
    """Return what the table needs of a cell of the suite latency, whose samples are assessed, if it has any."""
    return Timed(
        series=latency_series(cell),
        state=state_of(cell),
        builder=cell.job.model.builder,
        protocol=cell.job.protocol,
        stack=stack_of(cell),
        remarks=(*_remarks_on(cell), *warnings),
        times=times_of(assessed, cell.job.protocol.statistic) if assessed else None,
        steps=steps_of(cell.job),
    )


def times_of(assessed: Assessed, statistic: str) -> TimedFigures:
    """Return the figures of a cell whose protocol reports that statistic."""
    summary, interval = assessed.summary, assessed.intervals[statistic]
    return TimedFigures(
        ms=summary.value(statistic),
        low_ms=interval.low_ms if interval else None,
        high_ms=interval.high_ms if interval else None,
        p99_ms=assessed.p99_ms,
        detections=summary.detections_per_image,
        iterations=summary.n,
        images_per_second=summary.images_per_second,
        effective=assessed.effective,
        cpu_ms=assessed.cpu_ms,
        tail=assessed.tail,
        work=assessed.work,
    )


def stack_of(cell: Cell) -> Stack:
    """Return the software of a cell."""
    observed, execution = cell.result.software, cell.execution
    text = (
        f"torch {observed.torch}, torchvision {observed.torchvision}, threads: {observed.threads}" if observed else None
    )
    return Stack(text, execution.pinned if execution else True, tuple(execution.deviations) if execution else ())


def outcome(cell: Cell) -> list[str]:
    """Return why the cell has no figure, if it has none, and what would help."""
    failure = cell.result.failure
    if failure is None or is_spared(cell.result):
        return []
    remedy = failure.remedy if cell.result.status != "skipped" else ""  # whose reason says it all
    return ["; ".join(filter(None, (f"{cell.result.status}, {failure.message}", remedy)))]


def _remarks_on(cell: Cell) -> list[str]:
    remarks, latency = outcome(cell), cell.result.latency
    if latency and latency.stopped_by == "cap" and latency.warmup is None:
        remarks.append(
            f"capped at {cell.job.protocol.cap_seconds:.0f} s, before {latency.planned_iterations} iterations"
        )
    return remarks
