"""The charts of runs over time: a dot with its interval a run, changes marked, labelled by runner and image."""

from collections.abc import Sequence

import altair as alt

from harness.analysis.history import History, Point
from harness.report.history import finding
from harness.report.page.drawing import Chart, Row, base, layered
from harness.report.page.figures import significant
from harness.report.page.palette import look


def history_charts(histories: Sequence[History]) -> list[Chart]:
    """Draw each model over time, of those that have several runs."""
    several = [each for each in histories if len(each.points) > 1]
    return [_chart(f"over-time-{number}", history) for number, history in enumerate(several, 1)]


def _chart(name: str, history: History) -> Chart:
    about = (
        "Latency of one image in ms, a dot a run, with its 95 % interval over processes. A diamond marks a change, "
        "with the runner's hash, and the image's where there is one."
    )
    return Chart(name, finding(history), about, _drawing(), [_row(each) for each in history.points], always=True)


def _row(each: Point) -> Row:
    made = ", ".join(f"{what} {value}" for what, value in (("runner", each.runner), ("image", each.image)) if value)
    return {
        "label": each.run,
        "group": "",
        "heading": None,
        "began": each.began,
        "value": each.ms,
        "low": each.ms if each.low_ms is None else each.low_ms,
        "high": each.ms if each.high_ms is None else each.high_ms,
        "tip": f"{significant(each.ms, 4)} ms",
        "changed": each.changed,
        "text": made if each.changed else "",
        "made": made,
    }


def _drawing() -> alt.LayerChart:
    of, colours = base(), [look(0).colour, look(1).colour]
    x = alt.X("began:T", title="date of the run", scale=alt.Scale(padding=40))
    y = alt.Y("value:Q", title="latency of one image, ms", scale=alt.Scale(zero=False, padding=16))
    tips = [
        alt.Tooltip("label:N", title="run"),
        alt.Tooltip("tip:N", title="figure"),
        alt.Tooltip("made:N", title="by"),
    ]
    colour = alt.condition("datum.changed", alt.value(colours[1]), alt.value(colours[0]))
    shape = alt.condition("datum.changed", alt.value("diamond"), alt.value("circle"))
    size = alt.condition("datum.changed", alt.value(180), alt.value(70))
    layers = [
        of.mark_line(opacity=0.3, strokeWidth=1).encode(x=x, y=y),
        of.mark_rule(strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        of.mark_point(filled=True, opacity=1).encode(x=x, y=y, color=colour, shape=shape, size=size, tooltip=tips),
        of.mark_text(align="left", dx=8, dy=-8, fontSize=11).encode(x=x, y=y, text="text:N"),
    ]
    return layered(layers, height=220)
