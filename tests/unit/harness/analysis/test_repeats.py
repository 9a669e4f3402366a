import math
from dataclasses import replace

import pytest
from scipy import stats

from harness.analysis.repeats import over_repeats
from harness.analysis.timed import TimedFigures
from harness.analysis.timings import timings_of
from harness.catalogue import protocols
from harness.documents.run_folder import Cell
from harness.report.latency import latency_table
from runner.contract import Protocol, Repeating
from tests.samples import execution, job, latency, ok_result

PLAIN = protocols()["quick-1"]
ROUNDS = replace(PLAIN, repeating=Repeating("random", "geometric", 3, 0.03))
FIGURES = [10.0, 12.0, 11.0, 10.5]


def figures(ms: float, low_ms: float | None = None, high_ms: float | None = None) -> TimedFigures:
    return TimedFigures(ms, low_ms, high_ms, p99_ms=None, detections=7.0, iterations=12, images_per_second=1.0)


def test_repeats_have_the_mean_and_span_what_each_says_of_itself() -> None:
    figure = over_repeats([figures(10.0, 9.0, 11.0), figures(12.0, 11.5, 12.5)], PLAIN)
    assert (figure.ms, figure.low_ms, figure.high_ms, figure.between) == (11.0, 9.0, 12.5, False)
    half_known = over_repeats([figures(10.0, 9.0, 11.0), figures(12.0)], PLAIN)
    assert (half_known.low_ms, half_known.high_ms) == (None, None)


def test_where_the_protocol_says_so_processes_have_the_geometric_mean_and_its_interval() -> None:
    figure = over_repeats([figures(ms) for ms in FIGURES], ROUNDS)
    logs = [math.log(each) for each in FIGURES]
    low, high = stats.t.interval(0.95, 3, loc=sum(logs) / 4, scale=stats.sem(logs))
    assert figure.between
    assert figure.ms == pytest.approx(math.prod(FIGURES) ** 0.25)
    assert (figure.low_ms, figure.high_ms) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-5)


@pytest.mark.parametrize("processes", [1, 2])
def test_too_few_processes_say_what_each_says_of_itself(processes: int) -> None:
    figure = over_repeats([figures(ms, 9.0, 13.0) for ms in FIGURES[:processes]], ROUNDS)
    assert figure.ms == pytest.approx(math.prod(FIGURES[:processes]) ** (1 / processes))
    assert (figure.low_ms, figure.high_ms, figure.between) == (9.0, 13.0, False)


def repeated(protocol: Protocol) -> list[Cell]:
    jobs = [replace(job(), protocol=protocol, repeat=n, cell=f"r{n}") for n in range(1, 5)]
    timed = zip(jobs, FIGURES, strict=True)
    return [Cell(of, ok_result(of, latency=latency([ms] * 12)), execution(of)) for of, ms in timed]


def test_page_and_table_have_one_figure_and_one_interval() -> None:
    (timing,) = timings_of(repeated(ROUNDS))
    table = latency_table(repeated(ROUNDS))
    row = dict(zip(table.headings, table.rows[0], strict=True))
    assert timing.low_ms is not None
    assert timing.high_ms is not None
    half = 50 * (timing.high_ms - timing.low_ms) / timing.ms
    assert f"{timing.ms:.2f} ±{half:.1f} %" in row.values()
    assert row["processes \N{MULTIPLICATION SIGN} iterations"] == "4 \N{MULTIPLICATION SIGN} 12"
    assert any("interval over a model's processes, in % of their geometric mean" in note for note in table.notes)


def test_protocols_of_before_stay_as_they_were() -> None:
    (timing,) = timings_of(repeated(PLAIN))
    assert (timing.ms, timing.low_ms, timing.high_ms) == (10.875, 10.0, 12.0)
    notes = latency_table(repeated(PLAIN)).notes
    assert any("half of what the 95 % intervals of a model's processes span" in note for note in notes)
    assert not any("geometric" in note for note in notes)
