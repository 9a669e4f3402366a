"""The latency table: rows are models, columns are environment × hardware, as in the published table."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from harness.agreement.documents import Agreement
from harness.catalogue import Model, models
from harness.published import check as check_published
from harness.published import latency as published_latency
from harness.report.describe import attributed, hardware_name, outcome, software
from harness.report.table import GAP, Column, Table
from harness.storage import Cell
from runner.statistics import summarise


@dataclass(frozen=True)
class Series:
    """What makes measurements comparable: cells of one column share all of this."""

    environment: str
    hardware: str
    protocol: str
    weights: str
    threads: int | None
    cpus: str | None
    iterations: int | None
    pinned: bool


def latency_table(cells: Iterable[Cell], *, with_published: bool = False) -> Table:
    """Arrange the cells of the suite into the table: ms and detections per image, columns in order of appearance."""
    cells = list(cells)
    gate = {(cell.job.environment, cell.job.model.builder): cell.agreement for cell in cells if cell.agreement}
    by_series: dict[Series, dict[str, list[Cell]]] = {}
    for cell in (cell for cell in cells if cell.job.suite == "latency"):
        by_model = by_series.setdefault(series_of(cell), defaultdict(list))
        by_model[cell.job.model.builder].append(cell)
    shown = [model for model in models().values() if any(model.builder in by_model for by_model in by_series.values())]
    labels = _labels(list(by_series))
    notes = _recipes(by_series)
    notes += [_describe(series, labels[series], by_model) for series, by_model in by_series.items()]
    groups = []
    for series, by_model in by_series.items():
        cells_of = {model.display: by_model.get(model.builder, []) for model in shown}
        latencies, detections = map(list, zip(*map(_figures, cells_of.values()), strict=True))
        groups.append([Column(f"{labels[series]} (ms)", latencies), Column("detections / image", detections)])
        groups[-1] += _verdicts(series.environment, shown, gate)
        notes += [f"{labels[series]}: {remark}" for remark in attributed(cells_of, _remarks_on)]
    if with_published:
        groups.append(_published(shown))
        notes.append("2021: published means over 950 iterations on near-black input with pretrained weights")
        notes += _odd_cells(shown)
    names = Column("Model", [model.display for model in shown])
    return Table("Latency of one image, batch 1", names, groups, notes)


def _verdicts(environment: str, shown: list[Model], gate: dict[tuple[str, str], Agreement]) -> list[Column]:
    """Return the column that says whether the environment detects what its reference does, where that is known."""
    found = [gate.get((environment, model.builder)) for model in shown]
    references = dict.fromkeys(each.reference.environment for each in found if each)
    if not references:
        return []
    return [Column(f"detects as {' or '.join(references)}?", [each.verdict if each else GAP for each in found])]


def _odd_cells(shown: list[Model]) -> list[str]:
    """Say which of the published figures are not the mean of the file that was published with them."""
    display = {model.builder: model.display for model in shown}
    return [
        f"2021: {published_latency()[cell.column].hardware}, {display[cell.builder]}: {cell.published_ms:.2f} is "
        f"{f'the {cell.is_the} of' if cell.is_the else 'not in'} its file, whose mean is {cell.mean_ms:.2f}"
        for cell in check_published()
        if cell.builder in display and cell.is_the != "mean"
    ]


def _published(shown: list[Model]) -> list[Column]:
    return [
        Column(f"2021: {column.hardware} (ms)", [f"{column.latency_ms[model.builder]:.2f}" for model in shown])
        for column in published_latency().values()
    ]


def series_of(cell: Cell) -> Series:
    """Return the column that the cell belongs to."""
    job = cell.job
    return Series(
        environment=job.environment,
        hardware=hardware_name(cell.result),
        protocol=job.protocol.name,
        weights=job.model.weights.kind,
        threads=job.variant.threads,
        cpus=job.variant.cpus,
        iterations=job.variant.iterations,
        pinned=cell.execution.pinned if cell.execution else True,
    )


def _labels(columns: list[Series]) -> dict[Series, str]:
    """Name each column as short as it stays unmistakable: only what differs between columns is added."""
    varying = [
        name
        for name in ("protocol", "weights", "threads", "cpus", "iterations", "pinned")
        if len({getattr(series, name) for series in columns}) > 1
    ]
    return {series: " · ".join([series.environment, series.hardware, *_extras(series, varying)]) for series in columns}


def _extras(series: Series, names: list[str]) -> list[str]:
    texts = {
        "protocol": series.protocol,
        "weights": f"{series.weights} weights",
        "threads": f"threads: {series.threads or 'default'}",
        "cpus": f"CPUs: {series.cpus or 'all'}",
        "iterations": f"iterations: {series.iterations or 'all'}",
        "pinned": "pinned" if series.pinned else "not pinned",
    }
    return [texts[name] for name in names]


def _recipes(by_series: dict[Series, dict[str, list[Cell]]]) -> list[str]:
    """Say once what several columns share: how each protocol measures, and what random weights mean."""
    cells = [cell for by_model in by_series.values() for cells in by_model.values() for cell in cells]
    titles = {cell.job.protocol.name: cell.job.protocol.title for cell in cells}
    notes = [f"{name}: {title}" for name, title in titles.items()]
    if any(series.weights == "random" for series in by_series):
        notes.append("random weights: what is detected means nothing, only the amount of work is real")
    return notes


def _describe(series: Series, label: str, by_model: dict[str, list[Cell]]) -> str:
    cells = [cell for cells in by_model.values() for cell in cells]
    shortened = [f"iterations: {series.iterations} instead of the protocol's own"] if series.iterations else []
    return f"{label}: {', '.join([series.protocol, f'{series.weights} weights', *software(cells), *shortened])}"


def _figures(cells: list[Cell]) -> tuple[str, str]:
    """Return the texts of latency and detections per image, over the repeats of one model."""
    measured = [(cell.job.protocol.statistic, summarise(cell.result.latency)) for cell in cells if cell.result.latency]
    if not measured:
        return GAP, GAP
    latency = _mean([summary.value(statistic) for statistic, summary in measured])
    return f"{latency:.2f}", f"{_mean([summary.detections_per_image for _, summary in measured]):.1f}"


def _remarks_on(cell: Cell) -> list[str]:
    remarks, latency = outcome(cell), cell.result.latency
    if latency and latency.stopped_by == "cap":
        remarks.append(
            f"capped at {cell.job.protocol.cap_seconds:.0f} s, before {latency.planned_iterations} iterations"
        )
    return remarks + cell.result.warnings


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
