"""The charts of samples, one of each kind for all models: the page hands them the rows of the model that is chosen.

A row has the label of its series, the title of its cell, its place `row`, and ms, s since the first iteration began,
detections and phase; the row before those of a cell has its heading alone.
"""

from collections.abc import Sequence

import altair as alt

from harness.report.page.drawing import LOG_AXIS, ROW_PX, Chart, Look, base, headings, layered, log, rows_axis

#: The page makes the text of a row it points at; one for each sample beforehand would take most of the drawing.
TIP = alt.TooltipContent(content="data")
MS = "latency of one image, ms (log scale)"


def sample_charts(labels: Sequence[str]) -> list[Chart]:
    """Return the three charts; their titles depend on the model and come with its samples."""
    look = Look(labels)
    spread = (
        "Every sample of the model by cell: a stroke each, a hollow diamond where it warmed up, a bar at the median."
    )
    drift = "Every sample over the time since the first iteration began; hollow diamonds warmed up."
    by_detections = "Every measured sample by the number of detections in its image."
    return [
        Chart("spread", "", spread, _spread(look)),
        Chart("drift", "", drift, _drift(look)),
        Chart("by-detections", "", by_detections, _by_detections(look)),
    ]


def _spread(look: Look) -> alt.LayerChart:
    measured, warmup = _phases()
    x, y = log("ms:Q", MS), rows_axis()
    layers = [
        headings(base()),
        measured.mark_tick(size=14, thickness=1, opacity=0.35).encode(x=x, y=y, color=look.colour),
        warmup.mark_point(shape="diamond", size=40, tooltip=TIP).encode(x=x, y=y, color=look.colour),
        measured.mark_tick(size=16, thickness=3).encode(x="median(ms):Q", y=y),
    ]
    return layered(layers, height=alt.Step(ROW_PX + 3))


def _drift(look: Look) -> alt.LayerChart:
    measured, warmup = _phases()
    x, y = alt.X("s:Q", title="s since the first iteration began"), _ms()
    layers = [
        measured.mark_line(strokeWidth=0.5, opacity=0.4).encode(x=x, y=y, color=look.colour, detail="title:N"),
        measured.mark_point(filled=True, size=14, opacity=0.6, tooltip=TIP).encode(
            x=x, y=y, color=look.colour, shape=look.shape
        ),
        warmup.mark_point(shape="diamond", size=40, tooltip=TIP).encode(x=x, y=y, color=look.colour),
    ]
    return layered(layers, height=300)


def _by_detections(look: Look) -> alt.LayerChart:
    measured, _ = _phases()
    points = measured.mark_point(filled=True, size=30, opacity=0.7, tooltip=TIP).encode(
        x=alt.X(
            "detections:Q",
            title="detections in the image",
            axis=alt.Axis(tickMinStep=1),
            scale=alt.Scale(zero=False, nice=False, padding=12),
        ),
        y=_ms(),
        color=look.colour,
        shape=look.shape,
    )
    return layered([points], height=300)


def _phases() -> tuple[alt.Chart, alt.Chart]:
    """Return the measured samples and those of the warm-up."""
    of = base()
    return of.transform_filter("datum.phase === 'measured'"), of.transform_filter("datum.phase === 'warm-up'")


def _ms() -> alt.Y:
    return alt.Y("ms:Q", title=MS, scale=alt.Scale(type="log", padding=10, nice=False), axis=LOG_AXIS)
