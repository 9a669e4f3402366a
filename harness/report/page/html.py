"""The page itself: one HTML file with its styles, its script and its data, which asks the network for nothing.

Whatever comes from result files is hostile until shown otherwise. The template escapes every text; data is JSON in a
script that does not run, without a character that could end it; and the content security policy lets none but the
page's own two scripts run, by their hashes, and nothing be loaded.
"""

import json
from collections.abc import Sequence

import vl_convert
from markupsafe import Markup

from harness.analysis.timings import Timing
from harness.documents.run_folder import Cell
from harness.report.page.cards import environment_cards, hardware_cards, troubles
from harness.report.page.drawing import Chart
from harness.report.page.explained import section
from harness.report.page.figures import all_printable, column_name
from harness.report.page.head_table import head_table
from harness.report.page.pairs import MOST_PAIRS, compared_pairs
from harness.report.page.palette import look
from harness.report.page.rendering import policy, style, templates, text
from harness.report.page.report import Report
from harness.report.page.sample_charts import sample_charts
from harness.report.page.samples import samples_by_model
from harness.report.stops import stops_tables
from harness.report.table import Form, Table

#: The parts of the page's own script, in one function so that they share their names with each other alone.
SCRIPTS = ("series", "table", "fragment", "rows", "tip", "drawing", "pairs", "copying", "printing", "start")
#: What the page's own script takes from Vega's bundle.
EXPORTS = "window.vegaEmbed = vegaEmbed;"
#: What could end a script, or a line of it, is written as JSON's own escapes.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def build(report: Report) -> str:
    """Return the page. Raises BadDocument where a sample is no duration."""
    cells, timings = report.cells, report.timings
    drawn = report.charts
    of_samples = sample_charts(_labels(timings)) if timings else []
    bundle, script = vl_convert.javascript_bundle(EXPORTS), _script()
    page = templates().get_template("page.html.jinja")
    return page.render(
        title=report.title,
        headline=report.headline,
        made_at=report.made_at,
        policy=policy([bundle, script]),
        style=style(),
        bundle=Markup(bundle),  # noqa: S704 -- vl-convert's own
        script=Markup(script),  # noqa: S704 -- the project's own file
        data=Markup(_data(cells, timings, [*drawn, *of_samples])),  # noqa: S704 -- escaped there
        series=[(timing.label, look(timing.number)) for timing in _first_of_series(timings)],
        head=head_table(cells, timings, published=report.published),
        charts=drawn,
        sample_charts=of_samples,
        models=list(dict.fromkeys(timing.model.display for timing in timings)),
        random=bool(timings) and all(timing.series.weights == "random" for timing in timings),
        tables=[table.of(Form.LONG) for table in [*report.tables, *stops_tables(cells)]],
        environments=environment_cards(cells),
        machines=hardware_cards(cells),
        troubles=troubles(cells),
        column=column_name,
        starts=_starts,
        most_pairs=MOST_PAIRS,
        commands=report.commands,
        clips=report.clips,
        explained=[section(*each) for each in report.slower],
    )


def _starts(table: Table) -> list[int]:
    """Return the places of the columns that begin a group, which a wide table on paper has in lines of their own."""
    lengths = [1, *map(len, table.groups)]
    return [sum(lengths[:n]) for n in range(1, len(lengths))]


def _script() -> str:
    parts = "\n".join(text(f"scripts/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _first_of_series(timings: Sequence[Timing]) -> list[Timing]:
    return list({timing.number: timing for timing in reversed(timings)}.values())[::-1]


def _labels(timings: Sequence[Timing]) -> list[str]:
    return [timing.label for timing in _first_of_series(timings)]


def _data(cells: Sequence[Cell], timings: Sequence[Timing], drawn: Sequence[Chart]) -> str:
    """Return what the script needs, as JSON that can stand in HTML."""
    series = [
        {
            "label": timing.label,
            "environment": timing.series.environment,
            "hardware": timing.series.hardware,
            "protocol": timing.series.protocol,
        }
        for timing in _first_of_series(timings)
    ]
    specs = {chart.name: {"spec": chart.spec, "rows": chart.rows, "always": chart.always} for chart in drawn}
    pairs = compared_pairs(cells, timings)
    document = {"series": series, "charts": specs, "samples": samples_by_model(timings), "pairs": pairs}
    dumped = json.dumps(all_printable(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return dumped.translate(ESCAPES)
