"""What all charts have in common: their rows, their scales, and a series' look."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from harness.report.page.palette import look

Row = dict[str, str | float | bool | None]

#: What every drawing calls its data.
ROWS = "rows"
ROW_PX = 15
#: Those ticks are labelled that have room. Vega alone would leave some ranges, such as 700 to 900, without any label.
LOG_AXIS = alt.Axis(tickCount=8, labelOverlap="greedy", labelSeparation=6, labelExpr="format(datum.value, ',.4~r')")


@dataclass(frozen=True)
class Chart:
    """A chart: its file's name, the finding as its title, and what is drawn, in words for those who can't see it.

    A row's `label` is its series', by which the page filters unless the chart is `always` whole, with a legend of its
    own; rows of a `group` stand below its `heading`. A chart without rows is of samples. `key` says what the numbers in
    the chart mean. The colours of a `shaded` one stand for no series.
    """

    name: str
    title: str
    about: str
    drawing: alt.LayerChart
    rows: list[Row] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    always: bool = False
    shaded: bool = False

    @property
    def series(self) -> list[str]:
        """The labels of the series whose looks a legend has to say."""
        if self.always or self.shaded:
            return []
        return list(dict.fromkeys(str(row["label"]) for row in self.rows if row["label"] is not None))

    @property
    def spec(self) -> Any:
        """The drawing in Vega-Lite as the page has it: without a legend, where the page has one for all charts."""
        spec = self.drawing.to_dict()
        return spec if self.always else _without_legend(spec)


def _without_legend(spec: Any) -> Any:
    if isinstance(spec, dict):
        return {key: None if key == "legend" else _without_legend(value) for key, value in spec.items()}
    return [_without_legend(each) for each in spec] if isinstance(spec, list) else spec


class Look:
    """The encodings that tell series apart."""

    def __init__(self, labels: Sequence[str]):
        looks = [look(number) for number in range(len(labels))]
        shown = alt.Legend(orient="bottom", columns=1, labelLimit=700, title=None, symbolStrokeWidth=0)
        self.colour = alt.Color(
            "label:N", scale=alt.Scale(domain=list(labels), range=[each.colour for each in looks]), legend=shown
        )
        self.shape = alt.Shape(
            "label:N", scale=alt.Scale(domain=list(labels), range=[each.shape for each in looks]), legend=shown
        )
        self.dash = alt.StrokeDash(
            "label:N", scale=alt.Scale(domain=list(labels), range=[each.dash for each in looks]), legend=None
        )


def base() -> alt.Chart:
    """Return a chart without data: whoever draws it hands in the rows, under the name of ROWS."""
    return alt.Chart(alt.NamedData(ROWS))


def layered(layers: Sequence[alt.Chart], *, height: int | alt.Step) -> alt.LayerChart:
    """Lay layers over each other, as wide as the place they are put in; height in px, or px a row."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return alt.LayerChart(layer=list(layers), width="container", height=height, autosize=fit)


def log(field: str, title: str, *, padding: int = 16) -> alt.X:
    """Return a logarithmic axis; padding in px is left free at both ends."""
    return alt.X(field, title=title, scale=alt.Scale(type="log", padding=padding, nice=False), axis=LOG_AXIS)


def rows_axis() -> alt.Y:
    """Return the axis of charts whose rows are laid out beforehand, by their field `row`."""
    return alt.Y("row:N", axis=None)


def headings(of: alt.Chart) -> alt.Chart:
    """Draw the heading of each group, in a row of its own so that it has the chart's whole width."""
    texts = of.transform_filter("datum.heading !== null").mark_text(
        align="left", fontWeight=600, fontSize=12, limit=alt.ExprRef("width")
    )
    placed: alt.Chart = texts.encode(y=rows_axis(), x=alt.value(0), text="heading:N")
    return placed


def numbered(groups: Sequence[tuple[str, Sequence[Row]]]) -> list[Row]:
    """Return the rows of groups from top to bottom, each group below a row with its heading."""
    nothing: Row = {"label": None, "value": None, "low": None, "high": None, "text": None}
    rows: list[Row] = []
    for heading, members in groups:
        rows.append(nothing | {"heading": heading, "group": heading})
        rows += [row | {"heading": None, "group": heading} for row in members]
    return [row | {"row": f"{number:04d}"} for number, row in enumerate(rows)]
