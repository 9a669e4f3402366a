"""The table of how each cell came to its figure: how it warmed up, what ended it, and which samples are in doubt."""

from collections.abc import Iterable

from harness.analysis.assessed import Assessed, assessed
from harness.analysis.doubt import Doubt
from harness.catalogue import detector
from harness.documents.run_folder import Cell
from harness.report.table import Column, Table
from harness.text import GAP
from runner.contract import Latency

NOTES = [
    "warm-up: what the series of times did before it was steady; iterations count from the first, warm-up included",
    "pilot: after how many iterations it was known how many the precision asked for would take",
    "in doubt: samples whose process got less CPU time than such calls usually get; they count, and beside them stands "
    "the figure without them",
]


def stops_tables(cells: Iterable[Cell]) -> list[Table]:
    """Return the table of the cells that ended by what their series did, or have samples in doubt; none without one."""
    shown = [
        (cell, cell.result.latency, known)
        for cell in cells
        if cell.result.latency
        if (known := assessed(cell.result))
        if known.standing or (known.doubt and known.doubt.count)
    ]
    if not shown:
        return []
    columns = [
        Column("warm-up", [_warmup(latency) for _, latency, _ in shown], kind="words"),
        Column("pilot", [str(latency.pilot_iterations or GAP) for _, latency, _ in shown]),
        Column("iterations", [str(len(latency.samples.phase)) for _, latency, _ in shown]),
        Column("ended", [_ended(latency, known) for _, latency, known in shown], kind="words"),
        Column("independent samples", [_effective(known) for _, _, known in shown]),
        Column("p99", [_p99(known) for _, _, known in shown], kind="words"),
        Column("in doubt", [_doubt(known, cell.job.protocol.statistic) for cell, _, known in shown], kind="words"),
    ]
    names = Column("Cell", [_name(cell) for cell, _, _ in shown], kind="names")
    return [Table("How each cell was measured", names, [columns], NOTES)]


def _name(cell: Cell) -> str:
    job = cell.job
    return f"{job.environment} {detector(job.model.builder).display} ({job.protocol.name}, repeat {job.repeat})"


def _warmup(latency: Latency) -> str:
    if latency.warmup is None:
        return "a count"
    begin = f", steady after {latency.steady_from}" if latency.steady_from else ""
    return f"{latency.warmup}{begin}"


def _ended(latency: Latency, known: Assessed) -> str:
    if known.standing is None:
        return latency.stopped_by
    half = known.standing.half_width
    return f"{known.standing.verdict}" + (f", ±{100 * half:.1f} %" if half is not None else "")


def _effective(known: Assessed) -> str:
    return GAP if known.effective is None else f"{known.effective:.0f}"


def _p99(known: Assessed) -> str:
    p99 = known.p99
    if p99 is None:
        return GAP if known.p99_ms is None else f"{known.p99_ms:.2f} ms"
    if p99.low is None or p99.high is None:
        return f"insufficient: about {p99.needed} iterations"
    return f"{p99.figure:.2f} ms, {p99.low:.2f} to {p99.high:.2f}"


def _doubt(known: Assessed, statistic: str) -> str:
    doubt: Doubt | None = known.doubt
    if doubt is None:
        return "not known"
    if not doubt.count:
        return "none"
    without = f"{known.sure.value(statistic):.2f} ms without" if known.sure else "none left without"
    return f"{doubt.count} of {doubt.measured}: {without}"
