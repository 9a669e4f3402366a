"""The latency table: rows are models, columns are environment × hardware, as in the published table."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.cautions import warnings_of
from harness.analysis.facts import ALL, NO_QUOTA
from harness.analysis.gates import Gates, gates
from harness.analysis.labels import labels_of, split_labels
from harness.analysis.series import LatencySeries, State, grouped, latency_series, state_of
from harness.analysis.uncertainty import Interval, latency_interval
from harness.catalogue import Model, models, published
from harness.documents.run_folder import Cell
from harness.report.describe import Stack, attributed, outcome, software, stack_of
from harness.report.latency_columns import LatencyFigure, figure, figure_columns, spread_notes
from harness.report.table import CSV, SHOWN, Column, Table
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
    interval: Interval | None
    stack: Stack
    remarks: list[str]


def latency_table(cells: Iterable[Cell], *, with_published: bool = False) -> Table:
    """Arrange the cells of the suite into the table: a model a row, columns in order of appearance."""
    cells = list(cells)
    return arrange([timed(cell) for cell in cells if cell.job.suite == "latency"], gates(cells), with_published)


def timed(cell: Cell) -> Timed:
    """Return what the table needs of a cell of the suite latency."""
    latency = cell.result.latency
    return Timed(
        series=latency_series(cell),
        state=state_of(cell),
        builder=cell.job.model.builder,
        protocol=cell.job.protocol,
        summary=summarise(latency) if latency else None,
        interval=latency_interval(latency, cell.job.protocol.statistic) if latency else None,
        stack=stack_of(cell),
        remarks=_remarks_on(cell),
    )


def arrange(entries: list[Timed], gate: Gates, with_published: bool) -> Table:
    """Arrange what was timed into the table. Without any, the published columns alone have all the published models."""
    by_series = columns(entries)
    measured = {entry.builder for entry in entries}
    shown = [model for model in models().values() if (model.builder in measured if measured else model.published_2021)]
    labels = labels_of(list(by_series))
    place, headings = split_labels(list(by_series))
    notes = [*_recipes(by_series), *_stacks(by_series, headings)]
    groups, figures = [], []
    for series, alike in by_series.items():
        entries_of = {model.display: [each for each in alike if each.builder == model.builder] for model in shown}
        figures += (own := [_figure(entries) for entries in entries_of.values()])
        groups.append(figure_columns(headings[series], labels[series], own) + _verdicts(series, shown, gate))
        remarks = {display: [each.remarks for each in repeats] for display, repeats in entries_of.items()}
        notes += [f"{headings[series]}: {remark}" for remark in attributed(remarks)]
    notes = [*spread_notes(figures), *notes]
    if with_published:
        groups.append(_published(shown))
        notes.append("2021: published means over 950 iterations on near-black input with pretrained weights")
        notes += _odd_cells(shown)
    names = Column("Model", [model.display for model in shown])
    shared = " · ".join(filter(None, (_unit(entries), place)))
    return Table("Latency of one image, batch 1", names, groups, notes, shared)


def _unit(entries: list[Timed]) -> str:
    """Return what every figure is; what was published in 2021 are means."""
    statistics = {entry.protocol.statistic for entry in entries} or {"mean"}
    return f"{statistics.pop()} in ms" if len(statistics) == 1 else "in ms"


def columns(entries: Iterable[Timed]) -> dict[LatencySeries, list[Timed]]:
    """Return what was timed by column."""
    return grouped((entry.series, entry.state, entry) for entry in entries)


def _verdicts(series: LatencySeries, shown: list[Model], gate: Gates) -> list[Column]:
    """Return the column that says whether the environment detects what its reference does, where that is known."""
    found = [gate.get((series.detecting, model.builder)) for model in shown]
    references = dict.fromkeys(each.against for each in found if each)
    if not references:
        return []
    return [Column(f"detects as {' or '.join(references)}?", [each.verdict if each else GAP for each in found])]


def _odd_cells(shown: list[Model]) -> list[str]:
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


def _published(shown: list[Model]) -> list[Column]:
    group = []
    for column in published.latency().values():
        values = [f"{column.latency_ms[model.builder]:.2f}" for model in shown]
        heading = f"2021: {column.hardware}"
        group += [Column(heading, values, forms=SHOWN), Column(f"{heading} (ms)", values, forms=CSV)]
    return group


def _recipes(by_series: dict[LatencySeries, list[Timed]]) -> list[str]:
    """Say once what several columns share: how each protocol measures, and what random weights mean."""
    protocols = {entry.protocol.name: entry.protocol for alike in by_series.values() for entry in alike}
    several = len({protocol.statistic for protocol in protocols.values()}) > 1
    notes = [
        f"{name}: {protocol.title}" + (f"; its figures are the {protocol.statistic}" if several else "")
        for name, protocol in protocols.items()
    ]
    if any(series.weights == "random" for series in by_series):
        notes.append("random weights: what is detected means nothing, only the amount of work is real")
    return notes


def _stacks(by_series: dict[LatencySeries, list[Timed]], headings: dict[LatencySeries, str]) -> list[str]:
    """Say what each column was measured by and on; what all of several share is said once."""
    parts = {series: _describe(series, alike) for series, alike in by_series.items()}
    everywhere = set.intersection(*map(set, parts.values())) if len(parts) > 1 else set()
    shared = [part for part in next(iter(parts.values()), []) if part in everywhere]
    own = {series: [part for part in texts if part not in everywhere] for series, texts in parts.items()}
    notes = [f"every measured column: {', '.join(shared)}"] if shared else []
    return notes + [f"{headings[series]}: {', '.join(texts)}" for series, texts in own.items() if texts]


def _describe(series: LatencySeries, alike: list[Timed]) -> list[str]:
    iterations, quota = series.fact("iterations"), series.fact("quota")
    shortened = [f"iterations: {iterations} instead of the protocol's own"] if iterations != ALL else []
    held = [f"held to {quota} CPUs by a quota"] if quota not in (None, NO_QUOTA) else []
    stack = software([entry.stack for entry in alike])
    return [series.protocol, f"{series.weights} weights", *stack, *shortened, *held]


def _figure(entries: list[Timed]) -> LatencyFigure | None:
    """Return the figure over the repeats of one model."""
    measured = [(entry.summary, entry.interval) for entry in entries if entry.summary]
    if not measured:
        return None
    summaries, intervals = zip(*measured, strict=True)
    return figure(summaries, intervals, entries[0].protocol.statistic)


def _remarks_on(cell: Cell) -> list[str]:
    remarks, latency = outcome(cell), cell.result.latency
    if latency and latency.stopped_by == "cap":
        remarks.append(
            f"capped at {cell.job.protocol.cap_seconds:.0f} s, before {latency.planned_iterations} iterations"
        )
    return remarks + warnings_of(cell.result)
