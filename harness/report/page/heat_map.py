"""The heat map: models × environments, each latency beside the model's fastest, written in its place and shaded."""

from collections import Counter
from collections.abc import Sequence
from math import inf

import altair as alt

from harness.analysis.ratios import environments, where
from harness.analysis.timings import Timing
from harness.report.page.drawing import ROW_PX, Chart, Row, base, headings, layered, rows_axis
from harness.report.page.figures import significant, times

#: The most that a place of a shade takes, as a multiple of the model's fastest; its fill, and the ink upon it. They are
#: the same on a light page and a dark one.
SHADES = [
    (1.0, "#0072b2", "#ffffff"),
    (1.1, "#a6d3ee", "#111111"),
    (1.5, "#f2e6cf", "#111111"),
    (2.0, "#f3b781", "#111111"),
    (inf, "#d55e00", "#111111"),
]
Models = dict[str, list[Timing]]


def heat_maps(timings: Sequence[Timing]) -> list[Chart]:
    """Return a map for each hardware, protocol and kind of weights that several environments were timed with."""
    known = [models for alike in environments(timings) if (models := _by_model(alike))]
    return [_chart(number, models, told=len(known) > 1) for number, models in enumerate(known, 1)]


def _by_model(timings: Sequence[Timing]) -> Models:
    """Return the models that several environments measured, the fastest model first."""
    models: Models = {}
    for timing in sorted(timings, key=lambda timing: timing.ms):
        models.setdefault(timing.model.display, []).append(timing)
    return {name: alike for name, alike in models.items() if len(alike) > 1}


def _chart(number: int, models: Models, *, told: bool) -> Chart:
    """Draw a map; of several, the title of each has `told` what it is of."""
    names = _names(models)
    shared = _shared(list(names)) if told else ""
    about = (
        f"Latency as a multiple of that in the model's fastest environment, 1.00; {where(_any(models).series)}. "
        "Shades end at 1.1, 1.5 and 2; what was not measured is left free. Beyond doubt is where intervals lie apart."
    )
    name = "heat-map" if number == 1 else f"heat-map-{number}"
    drawing = _drawing(list(names.values()))
    return Chart(name, _title(models, names) + shared, about, drawing, _rows(models, names), shaded=True)


def _any(models: Models) -> Timing:
    return next(iter(models.values()))[0]


def _names(models: Models) -> dict[str, str]:
    """Return what the columns are called, by the labels of their series: their environments, where these are unique."""
    series = {timing.number: timing for alike in models.values() for timing in alike}
    ordered = [series[number] for number in sorted(series)]
    several = Counter(timing.series.environment for timing in ordered)
    return {
        timing.label: timing.series.environment if several[timing.series.environment] == 1 else timing.label
        for timing in ordered
    }


def _shared(labels: Sequence[str]) -> str:
    """Return what the labels of a map's series have in common, in brackets."""
    first, *others = [label.split(" · ") for label in labels]
    parts = [part for part in first if all(part in other for other in others)]
    return f" ({', '.join(parts)})" if parts else ""


def _title(models: Models, names: dict[str, str]) -> str:
    """Say which environment is fastest, for how many models, whether that is sure, and what the worst choice costs."""
    wins = Counter(alike[0].label for alike in models.values())
    best, won = wins.most_common(1)[0]
    sure = sum(
        alike[0].label == best and all(map(alike[0].is_surely_faster_than, alike[1:])) for alike in models.values()
    )
    of = f"all {won} models" if won == len(models) else f"{won} of {len(models)} models"
    doubt = "" if sure == won else f", beyond doubt for {sure}" if sure else ", but not beyond doubt"
    said = f"{names[best]} is fastest for {of if len(models) > 1 else next(iter(models))}{doubt}"
    costly = {name: alike for name, alike in models.items() if alike[0].is_surely_faster_than(alike[-1])}
    if not costly:
        return said
    model, alike = max(costly.items(), key=lambda item: item[1][-1].ms / item[1][0].ms)
    slow, fast = names[alike[-1].label], names[alike[0].label]
    return f"{said}; {model} takes {times(alike[-1].ms / alike[0].ms)} as long in {slow} as in {fast}"


def _rows(models: Models, names: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    for number, (model, alike) in enumerate(models.items()):
        place: Row = {"group": model, "heading": None, "row": f"{number:04d}-1"}
        rows.append({"group": model, "heading": model, "row": f"{number:04d}-0", "label": None})
        rows += [place | _place(timing, alike[0], names[timing.label]) for timing in alike]
    return rows


def _place(timing: Timing, fastest: Timing, column: str) -> Row:
    ratio = timing.ms / fastest.ms
    _, fill, ink = next(shade for shade in SHADES if ratio <= shade[0])
    known = timing.low_ms is not None and timing.high_ms is not None
    interval = f"{significant(timing.low_ms or 0)} to {significant(timing.high_ms or 0)} ms" if known else ""
    return {
        "label": timing.label,
        "column": column,
        "text": significant(ratio),
        "fill": fill,
        "ink": ink,
        "tip": f"{significant(timing.ms, 4)} ms",
        "interval": interval or "too few samples",
    }


def _drawing(columns: Sequence[str]) -> alt.LayerChart:
    places = base().transform_filter("datum.heading === null")
    axis = alt.Axis(
        title=None, orient="top", labelAngle=-35, labelLimit=140, labelOverlap=False, domain=False, ticks=False
    )
    x = alt.X("column:N", sort=list(columns), axis=axis, scale=alt.Scale(paddingInner=0.04))
    tips = [alt.Tooltip("group:N", title="model"), alt.Tooltip("label:N", title="series")]
    tips += [alt.Tooltip("tip:N", title="latency"), alt.Tooltip("interval:N", title="interval")]
    tips += [alt.Tooltip("text:N", title="beside the fastest")]
    fill, ink = (alt.Color(f"{field}:N", scale=None) for field in ("fill", "ink"))
    shade = places.mark_rect().encode(x=x, y=rows_axis(), color=fill, tooltip=tips)
    text = places.mark_text(fontSize=11).encode(x=x, y=rows_axis(), text="text:N", color=ink)
    return layered([headings(base()), shade, text], height=alt.Step(ROW_PX + 4))
