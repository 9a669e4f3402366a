"""The page itself: one HTML file with its styles, its script and its data, which asks the network for nothing.

Whatever comes from result files is hostile until shown otherwise. The template escapes every text; data is JSON in a
script that does not run, without a character that could end it; and the content security policy lets none but the
page's own two scripts run, by their hashes, and nothing be loaded.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import vl_convert
from markupsafe import Markup

from harness.analysis.timings import Timing
from harness.report.page.cards import environment_cards, hardware_cards, troubles
from harness.report.page.drawing import Chart
from harness.report.page.explained import section
from harness.report.page.figures import all_printable
from harness.report.page.head_table import head_table
from harness.report.page.palette import look
from harness.report.page.rendering import TEMPLATES, templates
from harness.report.page.report import Report
from harness.report.page.sample_charts import sample_charts
from harness.report.page.samples import samples_by_model
from harness.report.stops import stops_tables
from harness.report.table import Form

#: What the page's own script takes from Vega's bundle.
EXPORTS = "window.vegaEmbed = vegaEmbed;"
#: What could end a script, or a line of it, is written as JSON's own escapes.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def build(report: Report) -> str:
    """Return the page. Raises BadDocument where a sample is no duration."""
    cells, timings = report.cells, report.timings
    drawn = report.charts
    of_samples = sample_charts(_labels(timings)) if timings else []
    bundle, script = vl_convert.javascript_bundle(EXPORTS), _text("page.js")
    page = templates().get_template("page.html.jinja")
    return page.render(
        title=report.title,
        headline=report.headline,
        made_at=report.made_at,
        policy=_policy([bundle, script]),
        style=Markup(_text("page.css")),  # noqa: S704 -- the project's own file
        bundle=Markup(bundle),  # noqa: S704 -- vl-convert's own
        script=Markup(script),  # noqa: S704 -- the project's own file
        data=Markup(_data(timings, [*drawn, *of_samples])),  # noqa: S704 -- escaped there
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
        commands=report.commands,
        clips=report.clips,
        explained=[section(*each) for each in report.slower],
    )


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    own = "style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {own}"


def _first_of_series(timings: Sequence[Timing]) -> list[Timing]:
    return list({timing.number: timing for timing in reversed(timings)}.values())[::-1]


def _labels(timings: Sequence[Timing]) -> list[str]:
    return [timing.label for timing in _first_of_series(timings)]


def _without_legend(spec: Any) -> Any:
    """Return a drawing in Vega-Lite without its legends: the page has one for all charts."""
    if isinstance(spec, dict):
        return {key: None if key == "legend" else _without_legend(value) for key, value in spec.items()}
    return [_without_legend(each) for each in spec] if isinstance(spec, list) else spec


def _spec(chart: Chart) -> Any:
    spec = chart.drawing.to_dict()
    return spec if chart.always else _without_legend(spec)


def _data(timings: Sequence[Timing], drawn: Sequence[Chart]) -> str:
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
    specs = {chart.name: {"spec": _spec(chart), "rows": chart.rows, "always": chart.always} for chart in drawn}
    document = {"series": series, "charts": specs, "samples": samples_by_model(timings)}
    text = json.dumps(all_printable(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(ESCAPES)
