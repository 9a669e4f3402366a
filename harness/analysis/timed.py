"""What stays of a cell that was timed when its samples have gone: thousands of them fit in memory."""

from dataclasses import dataclass

from harness.analysis.cautions import warnings_of
from harness.analysis.series import LatencySeries, State, latency_series, state_of
from harness.documents.run_folder import Cell
from runner.contract import Protocol
from runner.contract.statistics import Summary


@dataclass(frozen=True)
class Stack:
    """The software of a cell in words, None where it left none on record, and whether it is what the pins say."""

    text: str | None
    pinned: bool
    deviations: list[str]


@dataclass(frozen=True)
class Timed:
    """What the latency table needs of a cell. `ms` is what its protocol reports; both figures are None without one."""

    series: LatencySeries
    state: State | None
    builder: str
    protocol: Protocol
    stack: Stack
    remarks: list[str]
    ms: float | None
    detections: float | None


def timed(cell: Cell, summary: Summary | None) -> Timed:
    """Return what the table needs of a cell of the suite latency, whose measured samples are summarised, if any."""
    return Timed(
        series=latency_series(cell),
        state=state_of(cell),
        builder=cell.job.model.builder,
        protocol=cell.job.protocol,
        stack=stack_of(cell),
        remarks=_remarks_on(cell),
        ms=summary.value(cell.job.protocol.statistic) if summary else None,
        detections=summary.detections_per_image if summary else None,
    )


def stack_of(cell: Cell) -> Stack:
    """Return the software of a cell."""
    observed, execution = cell.result.software, cell.execution
    text = (
        f"torch {observed.torch}, torchvision {observed.torchvision}, threads: {observed.threads}" if observed else None
    )
    return Stack(text, execution.pinned if execution else True, execution.deviations if execution else [])


def outcome(cell: Cell) -> list[str]:
    """Return why the cell has no figure, if it has none, and what would help."""
    failure = cell.result.failure
    if failure is None:
        return []
    remedy = failure.remedy if cell.result.status != "skipped" else ""  # whose reason says it all
    return ["; ".join(filter(None, (f"{cell.result.status}, {failure.message}", remedy)))]


def _remarks_on(cell: Cell) -> list[str]:
    remarks, latency = outcome(cell), cell.result.latency
    if latency and latency.stopped_by == "cap":
        remarks.append(
            f"capped at {cell.job.protocol.cap_seconds:.0f} s, before {latency.planned_iterations} iterations"
        )
    return remarks + warnings_of(cell.result)
