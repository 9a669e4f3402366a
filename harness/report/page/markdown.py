"""The report as Markdown: the headline, the charts as SVG files beside it, the tables and how to repeat it."""

import json
import textwrap
from collections.abc import Sequence

import altair as alt
import vl_convert

from harness.report import render
from harness.report.page.drawing import ROWS, Chart
from harness.report.page.figures import all_printable, printable
from harness.report.page.report import Report
from harness.text import escaped

WIDTH_PX = 800
LINE = 100


def static_charts(drawn: Sequence[Chart]) -> dict[str, str]:
    """Return the charts of figures as SVG, by file name; those of samples are on the page alone."""
    return {_file(chart): _svg(chart) for chart in drawn}


def markdown(report: Report) -> str:
    """Return the report as Markdown; its pictures are the files of static_charts(), in the same folder."""
    commands = report.commands
    pictures = [f"![{_text(chart.title)}. {_text(chart.about)}]({_file(chart)})\n" for chart in report.charts]
    repeat = ["## Repeat this\n", "\n".join(["```", *map(printable, commands), "```", ""])] if commands else []
    headline = f"**{_text(report.headline)}**\n"
    parts = [f"# {_text(report.title)}\n", headline, f"Made {_text(report.made_at)}\n"]
    return "\n".join([*parts, *pictures, *map(render.markdown, report.tables), *repeat])


def _file(chart: Chart) -> str:
    return f"{chart.name}.svg"


def _text(text: str) -> str:
    """Return the text as Markdown that shows it as it is."""
    return escaped(printable(text))


def _svg(chart: Chart) -> str:
    lines = textwrap.wrap(printable(chart.title), LINE)
    below = [line for text in [chart.about, ", ".join(chart.key)] for line in textwrap.wrap(printable(text), LINE + 20)]
    title = alt.Title(lines, subtitle=below, anchor="start", fontSize=14, offset=12, subtitlePadding=6)
    drawing = chart.drawing.properties(width=WIDTH_PX, title=title, background="white")
    drawing = drawing.configure_view(stroke=None).configure_axis(titleFontWeight="normal", gridColor="#dfe3e8")
    return vl_convert.vegalite_to_svg(json.dumps(all_printable(drawing.to_dict() | {"datasets": {ROWS: chart.rows}})))
