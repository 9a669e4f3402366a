"""The latency table: rows are models, columns are environment × hardware, as in the published table."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.cautions import warnings_of
from harness.analysis.facts import ALL, NO_QUOTA
from harness.analysis.gates import Gates, gates
from harness.analysis.labels import labels_of
from harness.analysis.repeats import detections_over_repeats, over_repeats
from harness.analysis.series import LatencySeries, State, grouped, latency_series, state_of
from harness.catalogue import Detector, detectors, models, published
from harness.catalogue.detectors import notes_on_own
from harness.documents.run_folder import Cell
from harness.report.describe import Stack, attributed, outcome, software, stack_of
from harness.report.table import Column, Table
from harness.text import GAP
from runner.contract import Protocol
from runner.contract.statistics import Summary, summarise


@dataclass(frozen=True)
class Timed:
    """What the table needs of a cell: a merge of thousands keeps these instead of their samples."""

    series: LatencySeries
    state: State | None
    builder: str
    protocol: Protocol
    summary: Summary | None
    stack: Stack
    remarks: list[str]


def latency_table(cells: Iterable[Cell], *, with_published: bool = False) -> Table:
    """Arrange the cells of the suite into the table: ms and detections per image, columns in order of appearance."""
    cells = list(cells)
    return arrange([timed(cell) for cell in cells if cell.job.suite == "latency"], gates(cells), with_published)


def timed(cell: Cell) -> Timed:
    """Return what the table needs of a cell of the suite latency."""
    return Timed(
        series=latency_series(cell),
        state=state_of(cell),
        builder=cell.job.model.builder,
        protocol=cell.job.protocol,
        summary=summarise(cell.result.latency) if cell.result.latency else None,
        stack=stack_of(cell),
        remarks=_remarks_on(cell),
    )


def arrange(entries: list[Timed], gate: Gates, with_published: bool) -> Table:
    """Arrange what was timed into the table. Without any, the published columns alone have all the published models."""
    by_series = columns(entries)
    shown = detectors([entry.builder for entry in entries] or _published_in_2021())
    labels = labels_of(list(by_series))
    notes = _recipes(by_series) + notes_on_own(shown)
    notes += [_describe(series, labels[series], found) for series, found in by_series.items()]
    groups = []
    for series, found in by_series.items():
        entries_of = {model.display: [each for each in found if each.builder == model.builder] for model in shown}
        latencies, detections = map(list, zip(*map(_figures, entries_of.values()), strict=True))
        groups.append([Column(f"{labels[series]} (ms)", latencies), Column("detections / image", detections)])
        groups[-1] += _verdicts(series, shown, gate)
        remarks = {display: [each.remarks for each in found] for display, found in entries_of.items()}
        notes += [f"{labels[series]}: {remark}" for remark in attributed(remarks)]
    if with_published:
        groups.append(_published(shown))
        notes.append("2021: published means over 950 iterations on near-black input with pretrained weights")
        notes += _odd_cells(shown)
    names = Column("Model", [model.display for model in shown])
    return Table("Latency of one image, batch 1", names, groups, notes)


def columns(entries: Iterable[Timed]) -> dict[LatencySeries, list[Timed]]:
    """Return what was timed by column."""
    return grouped((entry.series, entry.state, entry) for entry in entries)


def _verdicts(series: LatencySeries, shown: list[Detector], gate: Gates) -> list[Column]:
    """Return the column that says whether the environment detects what its reference does, where that is known."""
    found = [gate.get((series.detecting, model.builder)) for model in shown]
    references = dict.fromkeys(each.against for each in found if each)
    if not references:
        return []
    return [Column(f"detects as {' or '.join(references)}?", [each.verdict if each else GAP for each in found])]


def _odd_cells(shown: list[Detector]) -> list[str]:
    """Say which of the published figures are not the mean of the file that was published with them."""
    display = {model.builder: model.display for model in shown}
    return [
        f"2021: {column.hardware}, {display[builder]}: {figures.table_ms:.2f} is "
        f"{f'the {what} of' if (what := published.statistic_of(figures)) else 'not in'} its file, whose mean is "
        f"{figures.mean_ms:.2f}"
        for column in published.latency().values()
        for builder, figures in column.models.items()
        if builder in display and not published.is_the_mean(figures)
    ]


def _published(shown: list[Detector]) -> list[Column]:
    return [
        Column(f"2021: {column.hardware} (ms)", [_figure(column.latency_ms.get(model.builder)) for model in shown])
        for column in published.latency().values()
    ]


def _published_in_2021() -> list[str]:
    return [model.builder for model in models().values() if model.published_2021]


def _figure(ms: float | None) -> str:
    return GAP if ms is None else f"{ms:.2f}"


def _recipes(by_series: dict[LatencySeries, list[Timed]]) -> list[str]:
    """Say once what several columns share: how each protocol measures, and what random weights mean."""
    titles = {entry.protocol.name: entry.protocol.title for found in by_series.values() for entry in found}
    notes = [f"{name}: {title}" for name, title in titles.items()]
    if any(series.weights == "random" for series in by_series):
        notes.append("random weights: what is detected means nothing, only the amount of work is real")
    return notes


def _describe(series: LatencySeries, label: str, found: list[Timed]) -> str:
    iterations, quota = series.fact("iterations"), series.fact("quota")
    shortened = [f"iterations: {iterations} instead of the protocol's own"] if iterations != ALL else []
    held = [f"held to {quota} CPUs by a quota"] if quota not in (None, NO_QUOTA) else []
    stack = software([entry.stack for entry in found])
    return f"{label}: {', '.join([series.protocol, f'{series.weights} weights', *stack, *shortened, *held])}"


def _figures(entries: list[Timed]) -> tuple[str, str]:
    """Return the texts of latency and detections per image, over the repeats of one model."""
    summaries = [entry.summary for entry in entries if entry.summary]
    if not summaries:
        return GAP, GAP
    latency = over_repeats(summaries, entries[0].protocol.statistic)
    return f"{latency:.2f}", f"{detections_over_repeats(summaries):.1f}"


def _remarks_on(cell: Cell) -> list[str]:
    remarks, latency = outcome(cell), cell.result.latency
    if latency and latency.stopped_by == "cap":
        remarks.append(
            f"capped at {cell.job.protocol.cap_seconds:.0f} s, before {latency.planned_iterations} iterations"
        )
    return remarks + warnings_of(cell.result)
