"""A percentile that was asked for: its bounds, or what it lacks, wherever figures stand."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from harness import plan
from harness.analysis.assessed import assessed
from harness.analysis.cautions import UNBOUNDED, warnings_of
from harness.analysis.marks import marks_of
from harness.analysis.series import latency_series
from harness.analysis.tails import Tail, over_repeats
from harness.analysis.tidy_rows import figures
from harness.analysis.timings import timings_of
from harness.catalogue import protocols
from harness.documents.run_folder import Cell
from harness.plan import describe
from harness.report import render
from harness.report.latency import latency_table
from harness.report.page.head_table import head_table
from harness.report.stops import stops_tables
from harness.report.table import Form
from runner.contract import Result, Variant
from runner.contract.certainty import sure_percentile
from runner.contract.processes import over_processes
from runner.contract.tails import fewest_samples
from tests.samples import execution, job
from tests.unit.harness.plan.test_cells import ONE, FakeHost, nothing
from tests.unit.harness.standard_cells import a_series, counted, measured

QUICK, STANDARD = protocols()["quick-1"], protocols()["standard-1"]
SERIES = [a_series(500, seed=seed) for seed in (1, 2, 3)]
LONG, SHORT = measured(SERIES[0], percentile=99.0), measured(a_series(150), percentile=99.0)
UNSTEADY = measured(a_series(300, deviation=0.005) * (1 + np.arange(300) / 300), percentile=99.0)


def cell(result: Result, repeat: int = 1) -> Cell:
    of = replace(result.job, repeat=repeat)
    return Cell(of, replace(result, job=of), execution(of))


def tail_of(result: Result) -> Tail:
    known = assessed(result)
    assert known
    assert known.tail
    return known.tail


def test_it_lies_between_order_statistics_where_there_are_samples_enough() -> None:
    sure, tail = sure_percentile(SERIES[0], 99.0), tail_of(LONG)
    assert tail == Tail(99.0, sure.figure, sure.low, sure.high, None)
    assert sure.low and sure.high and sure.low < sure.figure < sure.high
    assert tail_of(measured(SERIES[0], percentile=90.0)).ms < tail.ms


def test_else_it_says_how_many_iterations_would_do() -> None:
    tail = tail_of(SHORT)
    assert tail.needed
    assert tail.needed >= fewest_samples(99.0) == 368
    assert tail.text == f"insufficient: about {tail.needed} iterations"
    [said] = [text for text in warnings_of(SHORT) if text.startswith(UNBOUNDED)]
    assert (
        said == f"insufficient for p99: 150 iterations give it no bounds, about {tail.needed} would do, with more time"
    )
    capped = measured(a_series(150), percentile=99.0, most=150)
    assert warnings_of(capped) == [said.replace(", with more time", f" (--iterations {tail.needed})")]
    assert not [text for text in warnings_of(LONG) if text.startswith(UNBOUNDED)]
    assert [mark.text for mark in marks_of(timings_of([cell(SHORT)])[0])].count("percentile insufficient") == 1


def test_without_a_steady_state_it_has_no_bounds_and_no_number_helps() -> None:
    assert tail_of(UNSTEADY).text == "no steady state"
    assert not [text for text in warnings_of(UNSTEADY) if text.startswith(UNBOUNDED)]


def test_of_counts_it_is_known_as_well() -> None:
    assert tail_of(replace(counted(LONG))) == tail_of(LONG)
    assert (tail_of(counted(SHORT)).needed or 0) >= 368


def test_the_table_has_it_in_every_form() -> None:
    table = latency_table([cell(LONG), cell(measured(SERIES[1], of=job("fcos_resnet50_fpn", protocol="standard-1")))])
    tail = tail_of(LONG)
    for form in (Form.SHORT, Form.LONG):
        shown = table.of(form)
        assert shown.headings.count("p99 ms") == 1
        texts = dict(zip(shown.headings, shown.rows[0], strict=True)) | {}
        assert f"{tail.ms:.2f}, {tail.low_ms:.2f} to {tail.high_ms:.2f}" in {*texts.values(), *shown.rows[1]}
        assert any("–" in row for row in shown.rows)  # noqa: RUF001 -- nobody asked it of the other
    assert [note for note in table.notes if note.startswith("p99: below it lie 99 % of the calls")]
    first, *rows = csv.reader(io.StringIO(render.csv_text(table)))
    [place] = [n for n, heading in enumerate(first) if heading.endswith("p99 (ms)")]
    assert [heading.rpartition("p99 ")[2] for heading in first[place : place + 4]] == [
        "(ms)",
        "from (ms)",
        "to (ms)",
        "lacks",
    ]
    [row] = [row for row in rows if "SSD300" in row[0]]
    assert row[place : place + 3] == [f"{value:.2f}" for value in (tail.ms, tail.low_ms, tail.high_ms)]


def test_tidy_rows_page_and_stops_have_it() -> None:
    for result in (LONG, SHORT):
        tail, one = tail_of(result), cell(result)
        rows = {row.metric: row for row in figures(one, assessed(result))}
        assert (rows["latency_p99"].low, rows["latency_p99"].high) == (tail.low_ms, tail.high_ms)
        assert rows["latency_p99"].value == (tail.ms if tail.low_ms else None)
        assert rows.get("latency_p99_takes") == (
            rows["latency_p99_takes"]._replace(value=float(tail.needed)) if tail.needed else None
        )
        [stops] = stops_tables([one])
        assert stops.rows[0][stops.headings.index("p99 ms")] == tail.text
        head = head_table([one], timings_of([one]), published=False)
        entry = head.lines[0].entries[len(head.texts) + head.numbers.index("p99, ms")]
        assert (entry.key, bool(entry.below)) == (tail.ms if tail.low_ms else None, True)
    higher = measured(SERIES[0], percentile=99.9)
    [stops] = stops_tables([cell(higher)])
    assert stops.rows[0][stops.headings.index("p99.9 ms")].startswith("insufficient: about ")
    assert "latency_p99.9_takes" in {row.metric for row in figures(cell(higher), assessed(higher))}


def test_it_tells_no_series_apart() -> None:
    assert latency_series(cell(LONG)) == latency_series(cell(measured(SERIES[0])))


def test_over_processes_it_is_averaged_as_the_figure_is() -> None:
    tails = [tail_of(measured(series, percentile=99.0)) for series in SERIES]
    [over] = over_repeats([*tails, None], STANDARD)
    within = over_processes([tail.ms for tail in tails], STANDARD.repeats)
    assert within.factor
    assert over.ms == pytest.approx(within.figure)
    assert (over.low_ms, over.high_ms) == pytest.approx((over.ms / within.factor, over.ms * within.factor))
    [spanned] = over_repeats(tails, QUICK)
    assert spanned.ms == pytest.approx(sum(tail.ms for tail in tails) / 3)
    assert spanned.low_ms == min(tail.low_ms or 0 for tail in tails)
    [short] = over_repeats([*tails, tail_of(SHORT)], STANDARD)
    assert (short.low_ms, short.needed) == (None, tail_of(SHORT).needed)
    assert over_repeats([*tails, tail_of(UNSTEADY)], STANDARD)[0].text == "no steady state"
    assert [each.percent for each in over_repeats([*tails, tails[0]._replace(percent=90.0)], QUICK)] == [90.0, 99.0]
    assert over_repeats([None, None], QUICK) == ()


@pytest.mark.parametrize(
    ("protocol", "variant", "said"),
    [
        ("quick-1", Variant(percentile=99.0), "p99 takes 368 independent samples at least, and each cell has 22"),
        ("quick-1", Variant(percentile=99.0, iterations=500), "p99 of 500 iterations, as many as the protocol quick-1"),
        ("standard-1", Variant(percentile=99.0), "measuring goes on until p99 has bounds, too, or to 10000 iterations"),
        ("standard-1", Variant(percentile=99.99), f"p99.99 takes {fewest_samples(99.99)} independent samples at least"),
    ],
)
def test_the_plan_says_what_becomes_of_it(protocol: str, variant: Variant, said: str) -> None:
    made, _ = plan.make(replace(ONE, protocol=protocol, variant=variant), [], FakeHost(), nothing)
    assert [text for text in describe.sentences(made) if text.startswith(said)]
