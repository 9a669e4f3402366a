"""How cells of standard-1 came to their figures: in the long table, on the page and as tidy rows."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.marks import marks_of
from harness.analysis.standing import CONTENT
from harness.analysis.tidy_rows import figures
from harness.analysis.timings import timings_of
from harness.documents.run_folder import Cell
from harness.report.latency import latency_table
from harness.report.stops import stops_tables
from harness.report.table import Form, Table
from harness.text import GAP
from runner.contract import Result, Variant
from runner.contract.processes import over_processes
from tests.samples import execution, job, latency, ok_result
from tests.unit.harness.standard_cells import a_series, counted, measured

WARM = np.where(np.arange(300) < 40, 3.0, 1.0)
PRECISE, SLOW_AT_FIRST = measured(a_series()), measured(a_series(300) * WARM)
UNSTEADY = measured(a_series(300, deviation=0.005) * (1 + np.arange(300) / 300))
DOUBTFUL = measured(a_series(), cpu=np.where(np.arange(120) % 4 == 0, 0.5, 1.0))
QUICK = ok_result(job(), latency=latency([10.0] * 22))


def cells(*results: Result) -> list[Cell]:
    """Return the results as cells of one model, each another repeat."""
    repeats = count(1)
    return [
        Cell(of, replace(result, job=of), execution(of))
        for result in results
        for of in [replace(result.job, repeat=next(repeats))]
    ]


def column(table: Table, heading: str) -> list[str]:
    return next(each.values for each in table.columns if each.heading == heading)


def test_the_page_says_of_each_cell_how_it_warmed_up_what_ended_it_and_what_is_in_doubt() -> None:
    [table] = stops_tables(cells(PRECISE, SLOW_AT_FIRST, UNSTEADY, DOUBTFUL))
    assert column(table, "warm-up")[0] == "flat"
    assert column(table, "warm-up")[1].startswith("warmup, steady after 4")
    assert column(table, "warm-up")[2] == "no steady state"
    assert [int(text) if text != GAP else None for text in column(table, "pilot")][::2] == [100, None]
    assert column(table, "iterations") == ["120", "180", "300", "120"]
    assert column(table, "ended")[0].startswith("precise, ±0.")
    assert column(table, "ended")[2] == "no steady state"
    assert column(table, "in doubt")[0] == "none"
    assert column(table, "in doubt")[3].startswith("30 of 120: ")
    assert [name.rpartition(" ")[2] for name in column(table, "Cell")] == ["1)", "2)", "3)", "4)"]


def test_cells_of_counts_without_doubt_have_nothing_to_say() -> None:
    assert stops_tables(cells(QUICK, counted(PRECISE))) == []
    [table] = stops_tables(cells(QUICK, counted(DOUBTFUL)))
    assert column(table, "warm-up") == ["a count"]


def test_the_long_table_has_what_only_such_cells_tell() -> None:
    more = ["independent samples", "p99 ms", "CPU time ms", "images / s"]
    assert latency_table(cells(measured(a_series(800, deviation=0.1)))).of(Form.LONG).headings[-4:] == more
    assert "independent samples" not in latency_table(cells(PRECISE)).of(Form.SHORT).headings
    assert latency_table(cells(QUICK)).of(Form.LONG).headings[-1] == "images / s"
    assert "CPU time ms" not in latency_table(cells(QUICK)).of(Form.LONG).headings


def test_the_table_says_why_there_is_no_interval() -> None:
    few, drifting = (
        measured(a_series(40)),
        measured(a_series(600, deviation=0.2) * (1 + np.arange(600) / 15000), most=600),
    )
    assert drifting.latency
    assert drifting.latency.warmup == "no steady state"
    for result, note in ((drifting, "no interval holds where"), (few, "too few independent samples")):
        notes = [text for text in latency_table(cells(result)).notes if text.startswith("without ±")]
        assert len(notes) == 1
        assert note in notes[0]


def test_the_figure_over_processes_is_of_the_figures_within() -> None:
    repeats = [measured(a_series(seed=seed, mix=0.2)) for seed in (1, 2, 3)]
    [timing] = timings_of(cells(*repeats))
    within = [known.summary.median_ms for result in repeats if (known := assessed(result))]
    over = over_processes(within, repeats[0].job.protocol.repeats)
    assert timing.ms == pytest.approx(over.figure, rel=1e-12)
    assert over.factor
    assert (timing.low_ms, timing.high_ms) == pytest.approx((over.figure / over.factor, over.figure * over.factor))


def test_a_high_percentile_is_one_where_as_many_independent_samples_bound_it() -> None:
    short, long = cells(PRECISE)[0], cells(measured(a_series(1000, deviation=0.2), most=1000))[0]
    [table] = stops_tables([short, long])
    known, few = assessed(long.result), assessed(short.result)
    assert known
    assert known.p99
    assert few
    assert few.p99
    assert few.p99.needed
    assert few.p99.needed >= 368
    assert column(table, "p99 ms")[0] == f"insufficient: about {few.p99.needed} iterations"
    low, high = known.p99.low, known.p99.high
    assert low
    assert high
    assert low < known.p99.figure < high
    assert column(table, "p99 ms")[1] == f"{known.p99.figure:.2f}, {low:.2f} to {high:.2f}"
    rows = {row.metric: row for row in figures(long, known)}
    assert (rows["latency_p99"].low, rows["latency_p99"].high) == (low, high)
    [timing] = timings_of([short])
    assert timing.p99_ms is None
    assert timings_of([long])[0].p99_ms == known.summary.p99_ms == known.p99.figure


def test_an_interval_over_pictures_says_that_it_includes_them() -> None:
    once = measured(a_series(600, deviation=0.05), pictures=[f"{n}.jpg" for n in range(600)])
    [said] = [text for text in warnings_of(once) if text.startswith(CONTENT)]
    assert said.startswith("the interval includes content: ")
    assert len({*once.latency.samples.image}) == int(said.split(": ")[1].split()[0])  # type: ignore[union-attr]
    [table] = stops_tables(cells(once, PRECISE))
    assert [text.endswith(" %, content included") for text in column(table, "ended")] == [True, False]
    assert not [text for text in warnings_of(PRECISE) if text.startswith(CONTENT)]
    assert "content included" in [mark.text for mark in marks_of(timings_of(cells(once))[0])]


def test_the_steps_of_a_ladder_are_told_apart() -> None:
    steps = [replace(PRECISE, job=replace(PRECISE.job, variant=Variant(threads=n))) for n in (1, 2)]
    [table] = stops_tables([Cell(step.job, step, execution(step.job)) for step in steps])
    assert [name.split(", ")[1] for name in column(table, "Cell")] == ["1 thread", "2 threads"]


def test_what_a_cell_waited_for_its_turn_is_shown_where_it_is_worth_it() -> None:
    [cell] = cells(QUICK)
    late, soon = (replace(cell, execution=execution(cell.job, waited_seconds=s)) for s in (200.0, 0.01))
    [table] = stops_tables([late, *cells(PRECISE)])
    assert column(table, "waited") == ["3 min", GAP]
    assert table.notes[-1].startswith("waited: for other measurements")
    assert stops_tables([soon]) == []
    rows = {row.metric: row for row in figures(late, assessed(QUICK))}
    assert (rows["waited_for_turn"].value, rows["waited_for_turn"].unit) == (200.0, "s")
    assert "waited_for_turn" not in {row.metric for row in figures(cell, assessed(QUICK))}


def test_a_mark_names_what_a_cell_lacks() -> None:
    [timing] = timings_of(cells(UNSTEADY))
    assert "no steady state" in [mark.text for mark in marks_of(timing)]
    assert "capped" not in [mark.text for mark in marks_of(timing)]
    [timing] = timings_of(cells(DOUBTFUL))
    assert "samples in doubt" in [mark.text for mark in marks_of(timing)]


def test_tidy_rows_have_the_figure_with_and_without_the_samples_in_doubt() -> None:
    [cell] = cells(DOUBTFUL)
    rows = {row.metric: row for row in figures(cell, assessed(cell.result))}
    assert rows["samples_in_doubt"].value == 30
    assert rows["latency_median"].reported
    assert rows["latency_median"].n == 120
    assert rows["latency_median_without_doubt"].n == 90
    assert rows["effective_samples"].value == pytest.approx(120, rel=0.5)
    assert rows["cpu_time"].value == pytest.approx(50 * 0.875, rel=0.02)
    plain = {row.metric for row in figures(cells(QUICK)[0], assessed(QUICK))}
    assert not plain & {"samples_in_doubt", "latency_median_without_doubt", "effective_samples", "cpu_time"}
