"""The table of what latency owes to the content of the pictures."""

from collections.abc import Iterable, Sequence

from harness.analysis.content import ContentFigures, content_figures
from harness.analysis.design import DETECTIONS, VARIABLES
from harness.analysis.huber import Slope
from harness.analysis.labels import labels_of
from harness.analysis.series import grouped, latency_series, state_of
from harness.catalogue import detectors
from harness.documents.run_folder import Cell
from harness.report.describe import attributed
from harness.report.table import LONG, Column, Table
from harness.text import GAP, count, percent
from runner.contract import Latency

TITLE = "Latency against content"
NOTES = [
    "ms a detection: how much longer a picture takes with each, the rest being equal, and its 95 % interval; likewise "
    "of a megapixel of the picture, and of one that the model computes on, resized and padded",
    "explained: the share of the samples' variance that goes with these lines; between pictures: that goes with which "
    "picture it is, whatever that shows",
    "a line goes through the pictures' medians, robustly (Huber); candidates are the boxes of the last suppression",
]


def content_tables(cells: Iterable[Cell]) -> list[Table]:
    """Return the table of the models that were timed where the runner looked at what the pictures hold, none else."""
    looked_at = [
        cell
        for cell in cells
        if (latency := cell.result.latency) and (latency.contents or latency.contents_missing_reason)
    ]
    rows = list(_rows(looked_at))
    if not rows:
        return []
    names, figures = [name for name, _, _ in rows], [each for _, each, _ in rows]
    groups = [[*_pictures(rows)], [*_lines(figures)], [*_at(figures)], [*_explained(figures)]]
    return [Table(TITLE, Column("Model", names, kind="names"), groups, [*NOTES, *_remarks(rows)])]


Row = tuple[str, ContentFigures, list[Latency]]


def _rows(cells: Sequence[Cell]) -> Iterable[Row]:
    by_series = grouped((latency_series(cell), state_of(cell), cell) for cell in cells)
    labels = labels_of(list(by_series))
    for series, alike in by_series.items():
        where = f", {labels[series]}" if len(by_series) > 1 else ""
        for model in detectors(cell.job.model.builder for cell in alike):
            own = [cell.result.latency for cell in alike if cell.job.model.builder == model.builder]
            latencies = [latency for latency in own if latency]
            yield model.display + where, content_figures(latencies), latencies


def _pictures(rows: Sequence[Row]) -> Iterable[Column]:
    yield _column("pictures", [str(figures.pictures) for _, figures, _ in rows])
    yield _column("detections", [_range(*figures.ranges["detections"]) for _, figures, _ in rows])
    for name in ("proposals", "candidates"):
        seen = [[getattr(each, name) for each in latency.contents or []] for _, _, (latency, *_) in rows]
        counts = [[value for value in values if value is not None] for values in seen]
        if any(counts):
            yield _column(name, [_range(min(values), max(values)) if values else GAP for values in counts])


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _lines(figures: Sequence[ContentFigures]) -> Iterable[Column]:
    for name, variable in VARIABLES.items():
        yield _column(f"ms a {variable.unit}", [estimated(each.slopes.get(name)) for each in figures])


def _at(figures: Sequence[ContentFigures]) -> Iterable[Column]:
    for n in DETECTIONS:
        yield _column(f"ms at {count(n, 'detection')}", [estimated(each.at.get(n)) for each in figures])


def _explained(figures: Sequence[ContentFigures]) -> Iterable[Column]:
    yield _column("explained", [_share(each.explained) for each in figures])
    yield _column("between pictures", [_share(each.by_picture) for each in figures])


def _column(heading: str, values: list[str]) -> Column:
    return Column(heading, values, forms=LONG)


def estimated(estimate: Slope | None) -> str:
    """Return a figure with its interval, three digits each."""
    if estimate is None:
        return GAP
    value, low, high = (_figure(each) for each in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _figure(value: float) -> str:
    """Return three digits of a number, those before its point whole."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _share(share: float | None) -> str:
    return GAP if share is None else percent(share, 0)


def _remarks(rows: Sequence[Row]) -> list[str]:
    """Say of each model what has no figure, and why, and in which pictures what is detected varies."""
    return attributed({name: [_of_row(figures, latencies)] for name, figures, latencies in rows})


def _of_row(figures: ContentFigures, latencies: Sequence[Latency]) -> list[str]:
    what = {name: f"no line over {variable.unit}s" for name, variable in VARIABLES.items()}
    what |= {str(n): f"no latency at {count(n, 'detection')}" for n in DETECTIONS}
    what |= {"explained": "no share explained", "by_picture": "no share between pictures"}
    reasons: dict[str, list[str]] = {}
    for name, reason in figures.missing.items():
        reasons.setdefault(reason, []).append(what[name])
    said = [f"{_short(lacking)}: {reason}" for reason, lacking in reasons.items()]
    contents = [content for latency in latencies for content in latency.contents or []]
    said += [f"not looked at: {text}" for each in latencies if (text := each.contents_missing_reason)]
    said += [text for content in contents if (text := content.missing_reason)]
    if figures.varied:
        named = ", ".join(figures.varied[:3]) + (" and others" if len(figures.varied) > 3 else "")
        said.append(f"detections differ from sample to sample in {count(len(figures.varied), 'picture')} ({named})")
    return list(dict.fromkeys(said))


def _short(lacking: Sequence[str]) -> str:
    """Return what is lacking, where it is most of all as one."""
    return "no lines" if len(lacking) >= len(VARIABLES) + len(DETECTIONS) else ", ".join(lacking)
