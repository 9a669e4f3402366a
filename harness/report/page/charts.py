"""The charts of figures: latency, accuracy beside it, environments compared, content. Altair writes Vega-Lite."""

from collections.abc import Sequence

import altair as alt

from harness.analysis.content import content_figures
from harness.analysis.frontier import Placed, placed
from harness.analysis.huber import Slope
from harness.analysis.ratios import Multiple, Multiples, comparisons
from harness.analysis.timings import Timing, latencies
from harness.documents.run_folder import Cell
from harness.report.page import findings
from harness.report.page.drawing import ROW_PX, Chart, Look, Row, base, headings, layered, log, numbered, rows_axis
from harness.report.page.figures import significant
from harness.report.page.heat_map import heat_maps
from harness.report.page.stage_charts import stage_charts

MS = "latency of one image, ms (log scale)"


def charts(cells: Sequence[Cell], timings: Sequence[Timing], *, published: bool) -> list[Chart]:
    """Return the charts that the timings allow. `published` lets an AP stand in that torchvision publishes."""
    if not timings:
        return []
    look = Look(list(dict.fromkeys(timing.label for timing in timings)))
    by_kind = placed(timings, cells, published=published)
    return [
        _latency(timings, look),
        *(_accuracy(_name("accuracy", n), kind, points, look) for n, (kind, points) in enumerate(by_kind.items(), 1)),
        *(_ratios(_name("environments", n), each, look) for n, each in enumerate(comparisons(timings), 1)),
        *heat_maps(timings),
        *_content(timings, look),
        *stage_charts(timings, look),
    ]


def _name(kind: str, number: int) -> str:
    return kind if number == 1 else f"{kind}-{number}"


def _latency(timings: Sequence[Timing], look: Look) -> Chart:
    by_model: dict[str, list[Timing]] = {}
    for timing in sorted(timings, key=lambda timing: timing.ms):
        by_model.setdefault(timing.model.display, []).append(timing)
    rows = numbered([(name, [_timed(timing) for timing in alike]) for name, alike in by_model.items()])
    about = "Latency of one image in ms for each model and series, with its 95 % interval, fastest model first."
    x = log("value:Q", MS, padding=46)
    return Chart("latency", findings.fastest(timings), about, intervals(x, look), rows)


def _timed(timing: Timing) -> Row:
    # a bar that would reach below zero can't be drawn on a logarithmic axis
    low = timing.ms if timing.low_ms is None else max(timing.low_ms, timing.ms / 10)
    return {
        "label": timing.label,
        "value": timing.ms,
        "low": low,
        "high": timing.high_ms or timing.ms,
        "text": significant(timing.ms),
        "tip": f"{significant(timing.ms, 4)} ms",
        "interval": _interval(timing.low_ms, timing.high_ms, "ms"),
    }


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None:
        return "too few samples"
    return f"{significant(low, 4)} to {significant(high, 4)} {unit}".strip()


def intervals(x: alt.X, look: Look, *extra: alt.Chart) -> alt.LayerChart:
    """Draw rows of a value with its interval and its text, below the headings of their groups."""
    of = base()
    values = of.transform_filter("datum.heading === null")
    tips = [alt.Tooltip("group:N", title="model"), alt.Tooltip("label:N", title="series")]
    tips += [alt.Tooltip("tip:N", title="figure"), alt.Tooltip("interval:N", title="interval")]
    bar = values.mark_rule(strokeWidth=2).encode(y=rows_axis(), x=_moved(x, "low:Q"), x2="high:Q", color=look.colour)
    point = values.mark_point(filled=True, size=55, opacity=1).encode(y=rows_axis(), x=x, tooltip=tips)
    text = values.mark_text(align="left", dx=8, fontSize=11).encode(y=rows_axis(), x=_moved(x, "high:Q"), text="text:N")
    layers = [*extra, headings(of), bar, point.encode(shape=look.shape, color=look.colour), text]
    return layered(layers, height=alt.Step(ROW_PX))


def _moved(x: alt.X, field: str) -> alt.X:
    moved = x.copy()
    moved.shorthand = field
    return moved


def _accuracy(name: str, kind: str, points: Sequence[Placed], look: Look) -> Chart:
    by_model: dict[str, float] = {}
    for point in sorted(points, key=lambda point: point.timing.ms):
        by_model.setdefault(point.timing.model.display, point.timing.ms)
    numbers = {display: number for number, display in enumerate(by_model, 1)}
    rows = [_placed(point, numbers[point.timing.model.display]) for point in points]
    about = f"Accuracy against latency. {kind}. The line joins the models of a series that no other beats in both."
    key = [f"{number} {display}" for display, number in numbers.items()]
    return Chart(name, findings.frontier(points), about, _scatter(look), rows, key)


def _placed(point: Placed, number: int) -> Row:
    return _timed(point.timing) | {
        "ap": point.ap,
        "ap_low": point.ap if point.low is None else point.low,
        "ap_high": point.ap if point.high is None else point.high,
        "ap_tip": f"{point.ap:.1f} %" + (f", {point.between}" if point.between else ""),
        "frontier": point.on_frontier,
        "group": point.timing.model.display,
        "number": str(number),
    }


def _scatter(look: Look) -> alt.LayerChart:
    of = base()
    x, y = (
        log("value:Q", MS, padding=24),
        alt.Y("ap:Q", title="AP of boxes, %", scale=alt.Scale(zero=False, padding=20)),
    )
    tips = [alt.Tooltip("group:N", title="model"), alt.Tooltip("label:N", title="series")]
    tips += [alt.Tooltip("ap_tip:N", title="AP"), alt.Tooltip("tip:N", title="latency")]
    layers = [
        of.transform_filter("datum.frontier")
        .mark_line(interpolate="step-after", strokeWidth=1.5)
        .encode(x=x, y=y, color=look.colour, strokeDash=look.dash),
        of.mark_rule(opacity=0.6).encode(x=_moved(x, "low:Q"), x2="high:Q", y=y, color=look.colour),
        of.mark_rule(opacity=0.6).encode(x=x, y=alt.Y("ap_low:Q"), y2="ap_high:Q", color=look.colour),
        of.mark_point(filled=True, size=70)
        .encode(x=x, y=y, color=look.colour, shape=look.shape, tooltip=tips)
        .encode(opacity=alt.condition("datum.frontier", alt.value(1), alt.value(0.45))),
        of.mark_text(dx=9, dy=-9, fontSize=11).encode(x=x, y=y, text="number:N"),
    ]
    return layered(layers, height=360)


def _ratios(name: str, comparison: Multiples, look: Look) -> Chart:
    by_model: dict[str, list[Multiple]] = {}
    for ratio in comparison.ratios:
        by_model.setdefault(ratio.timing.model.display, []).append(ratio)
    means = [_mean(label, mean) for label, mean in comparison.means.items()]
    groups = [(display, [_ratio(ratio) for ratio in ratios]) for display, ratios in by_model.items()]
    rows = numbered([("Geometric mean", means), *groups])
    about = (
        f"Latency as a multiple of that in {comparison.reference.label}, with the verdict on its detections where "
        f"there is one. {comparison.where}. The bars divide the far ends of both 95 % intervals."
    )
    one = base().mark_rule(strokeDash=[3, 3]).encode(x=alt.XDatum(1))
    x = log("value:Q", "latency as a multiple of the reference's (log scale)", padding=70)
    return Chart(name, findings.compared(comparison), about, intervals(x, look, one), rows)


def _mean(label: str, mean: float) -> Row:
    text = significant(mean)
    return {"label": label, "value": mean, "low": mean, "high": mean, "text": text, "tip": text, "interval": ""}


def _ratio(ratio: Multiple) -> Row:
    agreement = ratio.timing.agreement
    verdict = f", {agreement.word}" if agreement else ""
    return {
        "label": ratio.timing.label,
        "value": ratio.ratio,
        "low": ratio.low or ratio.ratio,
        "high": ratio.high or ratio.ratio,
        "text": significant(ratio.ratio) + verdict,
        "tip": f"{significant(ratio.ratio, 4)} times{verdict}",
        "interval": _interval(ratio.low, ratio.high, ""),
    }


def _content(timings: Sequence[Timing], look: Look) -> list[Chart]:
    """Return the chart of what a detection costs, none where no line could be drawn."""
    known = [(each, content_figures(latencies(each.cells)).slopes.get("detections")) for each in timings]
    lines = [(timing, line) for timing, line in known if line]
    if not lines:
        return []
    by_model: dict[str, list[Row]] = {}
    for timing, line in sorted(lines, key=lambda pair: -pair[1].value):
        by_model.setdefault(timing.model.display, []).append(_sloping(timing, line))
    about = (
        "How much longer a picture takes with each detection, pictures being equal in their pixels, with the 95 % "
        "interval: a robust line through the medians of the pictures. An interval that holds 0 shows no such cost."
    )
    none = base().mark_rule(strokeDash=[3, 3]).encode(x=alt.XDatum(0))
    x = alt.X("value:Q", title="ms longer with each detection", scale=alt.Scale(padding=46, nice=False))
    drawing = intervals(x, look, none)
    return [Chart("content", findings.costs(lines), about, drawing, numbered(list(by_model.items())))]


def _sloping(timing: Timing, line: Slope) -> Row:
    text = f"{line.value:.2g}"
    interval = f"{line.low:.2g} to {line.high:.2g} ms"
    ends: Row = {"value": line.value, "low": line.low, "high": line.high}
    return ends | {"label": timing.label, "text": text, "tip": f"{text} ms", "interval": interval}
