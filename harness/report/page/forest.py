"""The chart of a comparison: a dot with its interval for each model and clock, over the band of the margin."""

from collections.abc import Sequence

import altair as alt

from harness.catalogue import displays
from harness.documents.comparison import Clock, Comparison, Estimate
from harness.report.comparison import CLOCKS, headline, side
from harness.report.page.charts import intervals
from harness.report.page.drawing import Chart, Look, Row, base, log, numbered
from harness.text import percent


def forest(found: Comparison) -> Chart:
    """Draw how many times as long B takes as A, models above their geometric means."""
    named = displays(each.model for each in found.models)
    groups = [
        (", ".join(filter(None, (named[each.model], each.part))), _rows([(clock, each.on(clock)) for clock in CLOCKS]))
        for each in found.models
    ]
    for part in dict.fromkeys(each.part for each in found.over_models):
        alike = [(each.clock, each.estimate) for each in found.over_models if each.part == part]
        groups.append((", ".join(filter(None, ("Geometric mean", part))), _rows(alike)))
    about = (
        f"How many times as long B ({side(found.b)}) takes as A ({side(found.a)}), with 95 % intervals over fresh "
        f"processes; left of 1, B is faster. The band is {percent(found.margin)}, which makes no difference."
    )
    x = log("value:Q", "B / A (log scale)", padding=90)
    one = base().mark_rule(strokeDash=[3, 3]).encode(x=alt.XDatum(1))
    drawing = intervals(x, Look(list(CLOCKS.values())), _band(found.margin), one)
    return Chart("comparison", headline(found), about, drawing, numbered(groups), always=True)


def _band(margin: float) -> alt.Chart:
    first = base().transform_filter("datum.row === '0000'")  # of every row, bands would lie over each other
    band: alt.Chart = first.mark_rect(opacity=0.15).encode(x=alt.XDatum(1 / (1 + margin)), x2=alt.X2Datum(1 + margin))
    return band


def _rows(estimates: Sequence[tuple[Clock, Estimate | None]]) -> list[Row]:
    return [_row(clock, known) for clock, known in estimates if known]


def _row(clock: Clock, known: Estimate) -> Row:
    interval = f"{known.low:.3f} to {known.high:.3f}"
    return {
        "label": CLOCKS[clock],
        "value": known.ratio,
        "low": known.low,
        "high": known.high,
        "text": f"{known.ratio:.3f} {known.verdict}",
        "tip": f"{known.ratio:.3f} times, {known.verdict}",
        "interval": interval,
    }
