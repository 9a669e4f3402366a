"""The latency table: rows are models, columns are environment × hardware, as in the published table."""

from collections.abc import Iterable
from statistics import fmean

from harness.analysis.facts import NO_QUOTA, departures
from harness.analysis.gates import Gates, gates
from harness.analysis.labels import labels_of
from harness.analysis.series import LatencySeries, grouped, own_beside
from harness.analysis.timed import Timed, timed
from harness.catalogue import detectors, models, published
from harness.catalogue.detectors import notes_on_own
from harness.documents.run_folder import Cell
from harness.report.describe import attributed, software
from harness.report.table import Column, Table
from harness.text import GAP
from runner.contract.statistics import Summary, summarise


def latency_table(cells: Iterable[Cell], *, with_published: bool = False) -> Table:
    """Arrange the cells of the suite into the table: ms and detections per image, columns in order of appearance."""
    cells = list(cells)
    of_the_suite = [cell for cell in cells if cell.job.suite == "latency"]
    return arrange([timed(cell, _summary(cell)) for cell in of_the_suite], gates(cells), with_published)


def _summary(cell: Cell) -> Summary | None:
    return summarise(cell.result.latency) if cell.result.latency else None


def arrange(entries: list[Timed], gate: Gates, with_published: bool) -> Table:
    """Arrange what was timed into the table. Without any, the published columns alone have all the published models."""
    by_series = own_beside(
        grouped((entry.series, entry.state, entry) for entry in entries), lambda entry: entry.builder
    )
    models_shown = detectors([entry.builder for entry in entries] or _published_in_2021())
    shown = {model.builder: model.display for model in models_shown}
    labels = labels_of(list(by_series))
    notes = _recipes(by_series) + notes_on_own(models_shown)
    notes += [_describe(series, labels[series], alike) for series, alike in by_series.items()]
    groups = []
    for series, alike in by_series.items():
        entries_of = {name: [each for each in alike if each.builder == builder] for builder, name in shown.items()}
        latencies, detections = map(list, zip(*map(_figures, entries_of.values()), strict=True))
        groups.append([Column(f"{labels[series]} (ms)", latencies), Column("detections / image", detections)])
        groups[-1] += _verdicts(series, alike, shown, gate)
        remarks = {display: [each.remarks for each in entries] for display, entries in entries_of.items()}
        notes += [f"{labels[series]}: {remark}" for remark in attributed(remarks)]
    if with_published:
        groups.append(_published(shown))
        notes.append("2021: published means over 950 iterations on near-black input with pretrained weights")
        notes += _odd_cells(shown)
    names = Column("Model", list(shown.values()))
    return Table("Latency of one image, batch 1", names, groups, notes)


def _verdicts(series: LatencySeries, alike: list[Timed], shown: Iterable[str], gate: Gates) -> list[Column]:
    """Return the column that says whether the environment detects what its reference does, where that is known."""
    detecting = {entry.builder: entry.series.detecting for entry in alike}
    agreements = [gate.get((detecting.get(builder, series.detecting), builder)) for builder in shown]
    references = dict.fromkeys(each.against for each in agreements if each)
    if not references:
        return []
    return [Column(f"detects as {' or '.join(references)}?", [each.verdict if each else GAP for each in agreements])]


def _odd_cells(shown: dict[str, str]) -> list[str]:
    """Say which of the published figures are not the mean of the file that was published with them."""
    return [
        f"2021: {column.hardware}, {shown[builder]}: {figures.table_ms:.2f} is "
        f"{f'the {what} of' if (what := published.statistic_of(figures)) else 'not in'} its file, whose mean is "
        f"{figures.mean_ms:.2f}"
        for column in published.latency().values()
        for builder, figures in column.models.items()
        if builder in shown and not published.is_the_mean(figures)
    ]


def _published(shown: Iterable[str]) -> list[Column]:
    return [
        Column(f"2021: {column.hardware} (ms)", [_in_table(column.latency_ms.get(builder)) for builder in shown])
        for column in published.latency().values()
    ]


def _published_in_2021() -> list[str]:
    return [model.builder for model in models().values() if model.published_2021]


def _in_table(ms: float | None) -> str:
    return GAP if ms is None else f"{ms:.2f}"


def _recipes(by_series: dict[LatencySeries, list[Timed]]) -> list[str]:
    """Say once what several columns share: how each protocol measures, and what random weights mean."""
    titles = {entry.protocol.name: entry.protocol.title for alike in by_series.values() for entry in alike}
    notes = [f"{name}: {title}" for name, title in titles.items()]
    if any(series.weights == "random" for series in by_series):
        notes.append("random weights: what is detected means nothing, only the amount of work is real")
    return notes


def _describe(series: LatencySeries, label: str, alike: list[Timed]) -> str:
    quota, shortened = series.fact("quota"), departures(series.facts)
    held = [f"held to {quota} CPUs by a quota"] if quota not in (None, NO_QUOTA) else []
    stack = software([entry.stack for entry in alike])
    return f"{label}: {', '.join([series.protocol, f'{series.weights} weights', *stack, *shortened, *held])}"


def _figures(entries: list[Timed]) -> tuple[str, str]:
    """Return the texts of latency and detections per image, over the repeats of one model."""
    times = [entry.ms for entry in entries if entry.ms is not None]
    detections = [entry.detections for entry in entries if entry.detections is not None]
    return (f"{fmean(times):.2f}", f"{fmean(detections):.1f}") if times else (GAP, GAP)
