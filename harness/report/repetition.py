"""The table of a reproduction: published, measured, and what the one says of the other."""

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.facts import FACTS, departures
from harness.analysis.repeats import OverRepeats, over_repeats
from harness.analysis.repetition import ApRow, LatencyRow, Reproduction
from harness.analysis.timed import outcome, stack_of, times_of
from harness.analysis.uncertainty import Interval
from harness.analysis.verdicts import OTHER_MACHINE, SAME_MACHINE
from harness.catalogue import detector, published
from harness.catalogue.columns import MAP
from harness.documents.run_folder import Cell
from harness.report.describe import attributed, software
from harness.report.latency_columns import long_columns
from harness.report.table import Column, Table
from harness.text import GAP, percent

EXACT = (
    f"reproduced: on the same machine and software, the ratio and its interval are within {percent(SAME_MACHINE)} of 1"
)
UNDECIDED = "can't tell: the interval reaches beyond that on one side, or there are too few samples for one"
ELSEWHERE = (
    f"carries over: the relative figures are within a factor of {OTHER_MACHINE:g} of each other, else it differs; the "
    "figures themselves could be reproduced by the same machine and software alone"
)


def reproduction_table(reproduction: Reproduction, cells: list[Cell]) -> Table:
    """Arrange the comparison of a column with the cells that repeat it."""
    builders = [row.builder for row in reproduction.latency] + [row.builder for row in reproduction.ap]
    groups = _ap_groups(reproduction.ap) if reproduction.column == MAP else _latency_groups(reproduction.latency, cells)
    rules = _ap_rules() if reproduction.column == MAP else _latency_rules(reproduction)
    reasons = [f"not comparable: {reproduction.not_comparable}"] if reproduction.not_comparable else []
    return Table(
        title=f"The published column {reproduction.column}, repeated in {reproduction.environment}",
        names=Column("Model", [_display(builder) for builder in builders]),
        groups=groups,
        notes=[*_sources(reproduction, cells), *reasons, *rules, *attributed(_remarks(cells))],
    )


def _display(builder: str) -> str:
    return detector(builder).display


def _latency_groups(rows: list[LatencyRow], cells: list[Cell]) -> list[list[Column]]:
    figures = [_figure([cell for cell in cells if cell.job.model.builder == row.builder]) for row in rows]
    return [
        [
            Column("published ms", [f"{row.published_ms:.2f}" for row in rows]),
            Column("measured ms", [f"{row.measured_ms:.2f}" for row in rows]),
            Column("95 % interval", [_interval_ms(row.interval) for row in rows]),
        ],
        [Column("ratio", [f"{row.ratio:.2f}" for row in rows])],
        [
            Column("relative, published", [f"{row.published_relative:.2f}" for row in rows]),
            Column("relative, measured", [f"{row.measured_relative:.2f}" for row in rows]),
            Column("relative ratio", [f"{row.relative_ratio:.2f}" for row in rows]),
            Column("verdict", [row.verdict for row in rows]),
        ],
        long_columns(figures),
    ]


def _figure(repeats: list[Cell]) -> OverRepeats | None:
    """Return what the processes of a model measured, for the long form."""
    known = [(assessed(cell.result), cell.job.protocol) for cell in repeats]
    times = [times_of(figures, protocol.statistic) for figures, protocol in known if figures]
    return over_repeats(times, repeats[0].job.protocol) if times else None


def _interval_ms(interval: Interval | None) -> str:
    return f"{interval.low_ms:.2f} to {interval.high_ms:.2f}" if interval else GAP


def _ap_groups(rows: list[ApRow]) -> list[list[Column]]:
    intervals = [row.interval for row in rows]
    return [
        [
            Column("published AP", [f"{row.published_ap:.2f}" for row in rows]),
            Column("measured AP", [f"{row.measured_ap:.2f}" for row in rows]),
            Column("difference", [f"{row.difference:+.2f}" for row in rows]),
        ],
        [Column("95 % interval", [f"{100 * i.low:.2f} to {100 * i.high:.2f}" if i else GAP for i in intervals])],
        [Column("float AP", [f"{row.float_ap:.2f}" for row in rows])],
        [Column("verdict", [row.verdict for row in rows])],
    ]


def _sources(reproduction: Reproduction, cells: list[Cell]) -> list[str]:
    """Say what was measured on what in 2021 and here, and what of the recipe was left out."""
    source = published.accuracy() if reproduction.column == MAP else published.latency()[reproduction.column]
    job, ours = cells[0].job, ", ".join([reproduction.environment, *software([stack_of(cell) for cell in cells])])
    notes = [
        f"published: {', '.join(' '.join(text.split()) for text in (*source.machine, *source.software))}",
        f"measured: {reproduction.machine}, {ours}, {job.model.weights.kind} weights",
        f"{job.protocol.name}: {job.protocol.title}",
    ]
    if not reproduction.published_software:
        notes.append("the software is not the published one as its environment pins it")
    notes += departures([fact.observed(cells[0]) for fact in FACTS])
    if job.dataset is not None and len(job.dataset.ids) < published.accuracy().images:
        notes.append(f"images: {len(job.dataset.ids)} instead of the dataset's {published.accuracy().images}")
    return notes


def _latency_rules(reproduction: Reproduction) -> list[str]:
    rows = reproduction.latency
    of = "over a model's processes" if any(row.processes > 1 for row in rows) else "of this process alone"
    rules = [
        f"ratio: measured / published, which other hardware changes; the interval is {of}",
        f"relative: over the geometric mean of the column's {len(rows)} models here, which should carry over",
    ]
    if not reproduction.not_comparable:
        rules.append(EXACT if reproduction.exact else ELSEWHERE)
        rules += [UNDECIDED] if any(row.verdict == "can't tell" for row in rows) else []
    return rules + [_odd_cell(reproduction.column, row) for row in rows if _is_odd(reproduction.column, row)]


def _is_odd(column: str, row: LatencyRow) -> bool:
    return not published.is_the_mean(published.latency()[column].models[row.builder])


def _odd_cell(column: str, row: LatencyRow) -> str:
    figures = published.latency()[column].models[row.builder]
    statistic = published.statistic_of(figures)
    what = f"the {statistic} of its file" if statistic else "none of its file's figures"
    return f"{_display(row.builder)}: published as {figures.table_ms:.2f}, {what}; the file's mean stands here"


def _ap_rules() -> list[str]:
    return [
        "AP of boxes in %, cut to integers as in 2021; float AP: of the same boxes as they were detected",
        "reproduced: the published AP lies in the interval, which says how far AP moves with the choice of images; "
        "the images are the same ones, so a sound repetition lies well inside",
    ]


def _remarks(cells: list[Cell]) -> dict[str, list[list[str]]]:
    """Return what there is to say of each cell, by model."""
    remarks: dict[str, list[list[str]]] = {}
    for cell in cells:
        unscored = ["not scored yet"] if cell.result.detections and not cell.scores else []
        said = outcome(cell) + unscored + warnings_of(cell.result)
        remarks.setdefault(_display(cell.job.model.builder), []).append(said)
    return remarks
