"""A series that was measured until its median is known: the host's figure, interval and verdict are the runner's."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.assessed import assessed
from harness.analysis.cautions import warnings_of
from harness.analysis.standing import shortfall, standing_of
from runner.contract import Result
from runner.contract.statistics import summarise
from tests.samples import job, latency, ok_result
from tests.unit.harness.standard_cells import a_series, counted, measured

PRECISE = measured(a_series())
IMPRECISE = measured(a_series(400, deviation=0.2))
INSUFFICIENT = measured(a_series(40))
UNSTEADY = measured(a_series(300, deviation=0.005) * (1 + np.arange(300) / 300))


def test_the_figure_is_the_geometric_mean_over_pictures_of_the_medians_within() -> None:
    times = a_series(120, mix=0.3)
    result = measured(times)
    within = [float(np.median(times[first::3])) for first in range(3)]
    known = assessed(result)
    assert known
    assert known.summary.value("median") == pytest.approx(np.exp(np.log(within).mean()), rel=1e-9)
    plain = assessed(counted(result))
    assert plain
    assert plain.summary.value("median") == pytest.approx(float(np.median(times)), rel=1e-9)


def test_the_interval_is_the_one_that_ended_the_measuring() -> None:
    known, standing = assessed(PRECISE), standing_of(PRECISE)
    assert known
    assert standing
    assert standing.half_width
    interval = known.intervals["median"]
    assert interval
    assert (interval.high_ms - interval.low_ms) / 2 == pytest.approx(standing.half_width * known.summary.median_ms)
    assert standing.figure.value == pytest.approx(known.summary.median_ms, rel=1e-12)
    assert known.effective == standing.figure.effective


def test_the_warm_up_is_no_part_of_the_figure() -> None:
    times = a_series(300)
    slow = np.where(np.arange(300) < 40, 3.0, 1.0) * times
    result = measured(slow)
    assert result.latency
    assert result.latency.warmup == "warmup"
    assert summarise(result.latency).median_ms == pytest.approx(50.0, rel=0.01)


@pytest.mark.parametrize(
    ("result", "beginning", "helps"),
    [
        (IMPRECISE, "imprecise: known to ", "would do, or fewer when nothing else runs"),
        (INSUFFICIENT, "insufficient: 40 iterations", "of less than 50 no interval holds: about 1"),
        (UNSTEADY, "no steady state: in 300 iterations", "measure again when nothing else runs"),
    ],
)
def test_what_is_not_known_well_enough_is_said_with_what_would_help(result: Result, beginning: str, helps: str) -> None:
    [said] = shortfall(result, standing_of(result)) or []
    assert said.startswith(beginning)
    assert helps in said
    assert said in warnings_of(result)
    known = assessed(result)
    assert known
    assert (known.intervals["median"] is None) == (not beginning.startswith("imprecise"))


def test_what_is_precise_and_what_counts_ended_have_no_verdict_to_speak_of() -> None:
    assert shortfall(PRECISE, standing_of(PRECISE)) == []
    for result in (counted(PRECISE), ok_result(job(), latency=None)):
        assert shortfall(result, standing_of(result)) is None
    assert standing_of(ok_result(job(protocol="standard-1"), latency=latency([10.0] * 3))) is None


def test_rules_of_another_harness_are_passed_over() -> None:
    of = PRECISE.job
    newer = replace(of.protocol, measure=replace(of.protocol.measure, confidence=0.9))
    assert standing_of(replace(PRECISE, job=replace(of, protocol=newer))) is None
