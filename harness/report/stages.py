"""The tables of stages, one a model: a row for each stage, and its figures in each series beside each other."""

from collections.abc import Iterable, Sequence

from harness.analysis.labels import labels_of
from harness.analysis.series import grouped, latency_series, state_of
from harness.analysis.stages import StageFigure, StageFigures, stage_figures
from harness.analysis.timings import Timing, latencies, timings_of
from harness.catalogue import Detector, detectors
from harness.documents.run_folder import Cell
from harness.report.describe import attributed
from harness.report.table import FULL, Column, Table
from harness.text import GAP, percent
from runner.contract.inside import STAGES

NOTES = [
    "a pass of its own, after the latency; each moment belongs to the innermost stage, what no stage holds to the "
    "remainder; CPU: the time of all threads",
]
CALL, MEASURED = "the model's call", "as measured"


def stage_tables(cells: Iterable[Cell]) -> list[Table]:
    """Return the tables of the models whose stages were asked for, none else."""
    asked = [
        cell for cell in cells if (latency := cell.result.latency) and (latency.stages or latency.stages_missing_reason)
    ]
    shown = detectors(cell.job.model.builder for cell in asked)
    return [_table(model, [cell for cell in asked if cell.job.model.builder == model.builder]) for model in shown]


def _table(model: Detector, cells: Sequence[Cell]) -> Table:
    by_series = grouped((latency_series(cell), state_of(cell), cell) for cell in cells)
    labels = labels_of(list(by_series))
    timings = {timing.series: timing for timing in timings_of(cells)}
    known = {
        series: stage_figures([each.stages for each in latencies(alike) if each.stages])
        for series, alike in by_series.items()
    }
    seen = {stage.name for figures in known.values() for stage in (figures.stages if figures else [])}
    names = [name for name in STAGES if name in seen]
    groups = [
        _columns(names, figures, timings[series], f"{labels[series]}: " if len(known) > 1 else "")
        for series, figures in known.items()
    ]
    told = {labels[series]: [_remarks(figures, by_series[series])] for series, figures in known.items()}
    shared = "" if len(known) > 1 else next(iter(labels.values()), "")
    stub = Column("Stage", [*names, CALL, MEASURED], kind="names")
    return Table(f"Stages of {model.display}", stub, groups, [*NOTES, *attributed(told)], shared)


def _columns(names: Sequence[str], known: StageFigures | None, timing: Timing, where: str) -> list[Column]:
    by_name = {each.name: each for each in known.stages} if known else {}
    rows = [*(by_name.get(name) for name in names), known.call if known else None]
    headline = (timing.ms, timing.low_ms, timing.high_ms)
    ends = [*((each.low_ms, each.high_ms) if each else (None, None) for each in rows), headline[1:]]
    cpu = [*(each.cpu_ms if each else None for each in rows), timing.cpu_ms]
    return [
        Column(f"{where}ms", [*map(_ms, rows), _figure(timing.ms)]),
        Column(f"{where}95 % interval", [_interval(*each) for each in ends], forms=FULL),
        Column(f"{where}CPU ms", [_figure(value) for value in cpu]),
        Column(f"{where}share", [*map(_share, rows), GAP]),
    ]


def _ms(figure: StageFigure | None) -> str:
    return _figure(figure.ms if figure else None)


def _figure(ms: float | None) -> str:
    return GAP if ms is None else f"{ms:.2f}"


def _interval(low: float | None, high: float | None) -> str:
    return GAP if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _share(figure: StageFigure | None) -> str:
    return GAP if figure is None else percent(figure.share, 1)


def _remarks(figures: StageFigures | None, cells: Sequence[Cell]) -> list[str]:
    """Say what the stages sum to, and why some, or all, are not known."""
    said = [text for each in latencies(cells) if (text := each.stages_missing_reason)]
    said += [
        f"the call is one stage, the remainder: {text}"
        for each in latencies(cells)
        if each.stages and (text := each.stages.missing_reason)
    ]
    if figures:
        low, high = (f"{100 * share:.1f}" for share in figures.summed)
        said.append(f"{figures.iterations} iterations, whose stages sum to {low} to {high} % of each")
    return list(dict.fromkeys(said))
