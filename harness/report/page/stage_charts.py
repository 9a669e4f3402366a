"""The charts of stages, one a model: below each stage a bar for each series, so that environments compare."""

from collections.abc import Mapping, Sequence

import altair as alt

from harness.analysis.stages import StageFigure, StageFigures, stage_figures
from harness.analysis.timings import Timing, latencies
from harness.report.page.drawing import ROW_PX, Chart, Look, Row, base, headings, layered, numbered, rows_axis
from harness.report.page.figures import listed, significant
from runner.contract.inside import STAGES

#: Stages that take less than this share of an iteration in every series are left out.
SMALL = 0.005
Known = Mapping[str, StageFigures]


def stage_charts(timings: Sequence[Timing], look: Look) -> list[Chart]:
    """Return the chart of each model whose stages were looked at."""
    by_model: dict[str, dict[str, StageFigures]] = {}
    for timing in timings:
        known = stage_figures([each.stages for each in latencies(timing.cells) if each.stages])
        if known:
            by_model.setdefault(timing.model.display, {})[timing.label] = known
    numbered_models = enumerate(by_model.items(), 1)
    return [_chart("stages" if n == 1 else f"stages-{n}", *each, look) for n, each in numbered_models]


def _chart(name: str, model: str, known: Known, look: Look) -> Chart:
    groups = []
    for stage in STAGES:
        of_stage = {label: _find(figures, stage) for label, figures in known.items()}
        found = {label: figure for label, figure in of_stage.items() if figure}
        if any(figure.share >= SMALL for figure in found.values()):
            groups.append((stage, [_row(label, figure) for label, figure in found.items()]))
    about = (
        f"What each stage of an iteration of {model} takes in ms, with its 95 % interval, in its own pass. "
        f"Stages below {100 * SMALL:g} % of an iteration are left out."
    )
    return Chart(name, _title(model, known), about, _bars(look), numbered(groups))


def _find(figures: StageFigures, stage: str) -> StageFigure | None:
    return next((each for each in figures.stages if each.name == stage), None)


def _title(model: str, known: Known) -> str:
    """Say which stage takes most, and how much of an iteration, in each series."""
    said: dict[str, list[str]] = {}
    for label, figures in known.items():
        most = max(figures.stages, key=lambda each: each.share)
        where = f" in {label}" if len(known) > 1 else ""
        said.setdefault(most.name, []).append(f"{100 * most.share:.0f} %{where}")
    parts = [f"{stage} takes most: {listed(shares)}" for stage, shares in said.items()]
    return f"Of an iteration of {model}, {'; '.join(parts)}"


def _row(label: str, figure: StageFigure) -> Row:
    low, high = figure.low_ms, figure.high_ms
    interval = "too few iterations" if low is None or high is None else f"{significant(low)} to {significant(high)} ms"
    return {
        "label": label,
        "value": figure.ms,
        "low": figure.ms if low is None else low,
        "high": figure.ms if high is None else high,
        "text": f"{significant(figure.ms)} ({100 * figure.share:.0f} %)",
        "tip": f"{significant(figure.ms, 4)} ms, of CPU time {significant(figure.cpu_ms, 4)} ms",
        "interval": interval,
    }


def _bars(look: Look) -> alt.LayerChart:
    of = base()
    values = of.transform_filter("datum.heading === null")
    tips = [alt.Tooltip("group:N", title="stage"), alt.Tooltip("label:N", title="series")]
    tips += [alt.Tooltip("tip:N", title="figure"), alt.Tooltip("interval:N", title="interval")]
    x = alt.X("value:Q", title="ms of an iteration", scale=alt.Scale(zero=True, padding=70, nice=False))
    bar = values.mark_bar(size=9, opacity=0.75).encode(y=rows_axis(), x=x, color=look.colour, tooltip=tips)
    ends = values.mark_rule(strokeWidth=1).encode(y=rows_axis(), x=alt.X("low:Q"), x2="high:Q")
    text = values.mark_text(align="left", dx=8, fontSize=11).encode(y=rows_axis(), x=alt.X("high:Q"), text="text:N")
    return layered([headings(of), bar, ends, text], height=alt.Step(ROW_PX))
