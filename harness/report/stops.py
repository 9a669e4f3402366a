"""The table of how each cell came to its figure: how it warmed up, what ended it, and which samples are in doubt."""

from collections.abc import Iterable

from harness.analysis.assessed import Assessed, assessed
from harness.analysis.doubt import Doubt
from harness.analysis.tails import Tail
from harness.catalogue import detector
from harness.documents.run_folder import Cell
from harness.knobs.words import turned
from harness.report.table import Column, Table
from harness.text import GAP, duration
from runner.contract import Latency

NOTES = [
    "warm-up: what the series of times did before it was steady; iterations count from the first, warm-up included",
    "pilot: after how many iterations it was known how many the precision asked for would take",
    "in doubt: samples whose process got less CPU time than such calls usually get; they count, and beside them stands "
    "the figure without them",
]
WAITED = "waited: for other measurements on the same CPUs or GPU to end, before it began"
#: From how many seconds on it is shown that a cell waited for its turn.
WAITED_S = 1.0


def stops_tables(cells: Iterable[Cell]) -> list[Table]:
    """Return the table of the cells that ended by what their series did, or have samples in doubt; none without one."""
    shown = [
        (cell, cell.result.latency, known)
        for cell in cells
        if cell.result.latency
        if (known := assessed(cell.result))
        if known.standing or known.tail or (known.doubt and known.doubt.count) or _waited_s(cell) >= WAITED_S
    ]
    if not shown:
        return []
    columns = [
        Column("warm-up", [_warmup(latency) for _, latency, _ in shown], kind="words"),
        Column("pilot", [str(latency.pilot_iterations or GAP) for _, latency, _ in shown]),
        Column("iterations", [str(len(latency.samples.phase)) for _, latency, _ in shown]),
        Column("ended", [_ended(latency, known) for _, latency, known in shown], kind="words"),
        Column("independent samples", [_effective(known) for _, _, known in shown]),
        Column("p99 ms", [_p99(known) for _, _, known in shown], kind="words"),
        *_others([known.tail for _, _, known in shown]),
        Column("in doubt", [_doubt(known, cell.job.protocol.statistic) for cell, _, known in shown], kind="words"),
    ]
    if any(_waited_s(cell) >= WAITED_S for cell, _, _ in shown):
        columns.append(Column("waited", [_waited(cell) for cell, _, _ in shown]))
    names = Column("Cell", [_name(cell) for cell, _, _ in shown], kind="names")
    notes = [*NOTES, *([WAITED] if columns[-1].heading == "waited" else [])]
    return [Table("How each cell was measured", names, [columns], notes)]


def _waited_s(cell: Cell) -> float:
    return (cell.execution.waited_seconds if cell.execution else None) or 0.0


def _waited(cell: Cell) -> str:
    known = cell.execution is not None and cell.execution.waited_seconds is not None
    return duration(_waited_s(cell)) if known else GAP


def _name(cell: Cell) -> str:
    job = cell.job
    which = ", ".join([job.protocol.name, *turned(job), f"repeat {job.repeat}"])
    return f"{job.environment} {detector(job.model.builder).display} ({which})"


def _warmup(latency: Latency) -> str:
    if latency.warmup is None:
        return "a count"
    begin = f", steady after {latency.steady_from}" if latency.steady_from else ""
    return f"{latency.warmup}{begin}"


def _ended(latency: Latency, known: Assessed) -> str:
    if known.standing is None:
        return latency.stopped_by
    half, content = known.standing.half_width, ", content included" if known.standing.figure.content else ""
    return f"{known.standing.verdict}" + (f", ±{100 * half:.1f} %{content}" if half is not None else "")


def _effective(known: Assessed) -> str:
    return GAP if known.effective is None else f"{known.effective:.0f}"


def _others(tails: list[Tail | None]) -> list[Column]:
    """Return a column for each percentile other than p99 that was asked for."""
    names = dict.fromkeys(tail.name for tail in tails if tail and tail.name != "p99")
    return [
        Column(f"{name} ms", [tail.text if tail and tail.name == name else GAP for tail in tails], kind="words")
        for name in names
    ]


def _p99(known: Assessed) -> str:
    p99 = known.p99
    if known.tail and known.tail.name == "p99":
        return known.tail.text
    if p99 is None:
        return GAP if known.p99_ms is None else f"{known.p99_ms:.2f}"
    if p99.low is None or p99.high is None:
        return f"insufficient: about {p99.needed} iterations"
    return f"{p99.figure:.2f}, {p99.low:.2f} to {p99.high:.2f}"


def _doubt(known: Assessed, statistic: str) -> str:
    doubt: Doubt | None = known.doubt
    if doubt is None:
        return "not known"
    if not doubt.count:
        return "none"
    without = f"{known.sure.value(statistic):.2f} ms without" if known.sure else "none left without"
    return f"{doubt.count} of {doubt.measured}: {without}"
