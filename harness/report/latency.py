"""The latency table: rows are models, columns are environment × hardware, as in the published table."""

from collections.abc import Iterable

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.facts import departures
from harness.analysis.gates import Gates, gates
from harness.analysis.labels import labels_of, split_labels
from harness.analysis.observing import NO_QUOTA
from harness.analysis.repeats import OverRepeats, over_repeats
from harness.analysis.series import LatencySeries, grouped, own_beside
from harness.analysis.timed import Timed, timed
from harness.catalogue import detectors, models, published
from harness.catalogue.detectors import notes_on_own
from harness.documents.run_folder import Cell
from harness.report import fewer_threads
from harness.report.describe import attributed, software
from harness.report.latency_columns import figure_columns, spread_notes
from harness.report.table import CSV, SHOWN, Column, Table
from harness.text import GAP


def latency_table(cells: Iterable[Cell], *, with_published: bool = False) -> Table:
    """Arrange the cells of the suite into the table: a model a row, columns in order of appearance."""
    cells = list(cells)
    return arrange([_timed(cell) for cell in cells if cell.job.suite == "latency"], gates(cells), with_published)


def _timed(cell: Cell) -> Timed:
    known = assessed(cell.result)
    return timed(cell, known, warnings_of(cell.result, known))


def arrange(entries: list[Timed], gate: Gates, with_published: bool) -> Table:
    """Arrange what was timed into the table. Without any, the published columns alone have all the published models."""
    by_series = own_beside(
        grouped((entry.series, entry.state, entry) for entry in entries), lambda entry: entry.builder
    )
    models_shown = detectors([entry.builder for entry in entries] or _published_in_2021())
    shown = {model.builder: model.display for model in models_shown}
    labels = labels_of(list(by_series))
    place, headings = split_labels(list(by_series))
    notes = [*_recipes(by_series), *notes_on_own(models_shown), *_stacks(by_series, headings)]
    groups: list[list[Column]] = []
    figures: dict[LatencySeries, dict[str, OverRepeats | None]] = {}
    for series, alike in by_series.items():
        entries_of = {name: [each for each in alike if each.builder == builder] for builder, name in shown.items()}
        figures[series] = {name: _over_repeats(repeats) for name, repeats in entries_of.items()}
        own = figure_columns(headings[series], labels[series], list(figures[series].values()))
        groups.append(own + _verdicts(series, alike, shown, gate))
        remarks = {display: [each.remarks for each in repeats] for display, repeats in entries_of.items()}
        notes += [f"{headings[series]}: {remark}" for remark in attributed(remarks)]
    notes = [*spread_notes([each for own in figures.values() for each in own.values()]), *notes]
    notes += fewer_threads.notes(figures)
    if with_published:
        groups.append(_published(shown))
        notes.append("2021: published means over 950 iterations on near-black input with pretrained weights")
        notes += _odd_cells(shown)
    names, shared = Column("Model", list(shown.values())), " · ".join(filter(None, (_unit(entries), place)))
    return Table("Latency of one image, batch 1", names, groups, notes, shared)


def _over_repeats(entries: list[Timed]) -> OverRepeats | None:
    times = [each.times for each in entries if each.times]
    return over_repeats(times, entries[0].protocol) if times else None


def _unit(entries: list[Timed]) -> str:
    """Return what every figure is; what was published in 2021 are means."""
    statistics = {entry.protocol.statistic for entry in entries} or {"mean"}
    return f"{statistics.pop()} in ms" if len(statistics) == 1 else "in ms"


def _verdicts(series: LatencySeries, alike: list[Timed], shown: Iterable[str], gate: Gates) -> list[Column]:
    """Return the column that says whether the environment detects what its reference does, where that is known."""
    of_builder = {entry.builder: entry.series for entry in alike}
    agreements = [gate.get((of_builder.get(builder, series).detecting, builder)) for builder in shown]
    references = dict.fromkeys(each.against for each in agreements if each)
    if not references:
        return []
    return [Column(f"detects as {' or '.join(references)}?", [each.word if each else GAP for each in agreements])]


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
    group = []
    for column in published.latency().values():
        values = [_in_table(column.latency_ms.get(builder)) for builder in shown]
        heading = f"2021: {column.hardware}"
        group += [Column(heading, values, forms=SHOWN), Column(f"{heading} (ms)", values, forms=CSV)]
    return group


def _published_in_2021() -> list[str]:
    return [model.builder for model in models().values() if model.published_2021]


def _in_table(ms: float | None) -> str:
    return GAP if ms is None else f"{ms:.2f}"


def _recipes(by_series: dict[LatencySeries, list[Timed]]) -> list[str]:
    """Say once what several columns share: how each protocol measures, and what random weights mean."""
    protocols = {entry.protocol.name: entry.protocol for alike in by_series.values() for entry in alike}
    notes = [
        f"{name}: {each.title}" + ("" if each.statistic in each.title else f", {each.statistic}")
        for name, each in protocols.items()
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
    quota, shortened = series.fact("quota"), departures(series.facts)
    held = [f"held to {quota} CPUs by a quota"] if quota not in (None, NO_QUOTA) else []
    stack = software([entry.stack for entry in alike])
    return [series.protocol, f"{series.weights} weights", *stack, *shortened, *held]
