from typing import Any

import numpy as np
import pytest
from scipy.stats import quantile_test

from runner.contract.certainty import sure_median, sure_percentile


@pytest.mark.parametrize("n", [400, 1000, 5000])
def test_the_bounds_of_p99_are_scipys_where_samples_are_independent(n: int) -> None:
    times = np.random.default_rng(3).exponential(size=n) + 10
    sure = sure_percentile(times, 99)
    interval: Any = quantile_test(times, q=0.0, p=0.99).confidence_interval(confidence_level=0.95)
    assert (sure.low, sure.high) == (interval.low, interval.high)


def test_too_few_samples_have_no_bounds_of_p99_but_the_number_that_would_do() -> None:
    times = np.random.default_rng(1).exponential(size=300)
    sure = sure_percentile(times, 99)
    assert (sure.low, sure.high) == (None, None)
    assert sure.needed is not None
    assert 368 <= sure.needed <= 420
    more = np.random.default_rng(1).exponential(size=sure.needed)
    assert sure_percentile(more, 99).high is not None


def test_samples_that_resemble_each_other_need_more_for_p99() -> None:
    rng = np.random.default_rng(2)
    alone = rng.exponential(size=600)
    assert sure_percentile(alone, 99).high is not None
    repeated = np.repeat(rng.exponential(size=60), 10)
    assert (sure_percentile(repeated, 99).needed or 0) > 2000


def test_a_low_percentile_is_the_mirror_of_a_high_one() -> None:
    times = np.random.default_rng(3).normal(size=2000)
    low, high = sure_percentile(times, 1), sure_percentile(-times, 99)
    assert low.low is not None
    assert low.high is not None
    assert low.low < low.figure < low.high
    assert low.low == pytest.approx(-(high.high or 0), abs=0.2)


def test_the_width_of_a_median_is_that_of_theory() -> None:
    times = np.random.default_rng(4).normal(100, 2, size=4000)
    sure = sure_median(times, ["one"] * 4000)
    assert sure.half_width == pytest.approx(1.96 * (np.pi / 2) ** 0.5 * 0.02 / 4000**0.5, rel=0.2)
    assert sure.effective == pytest.approx(4000, rel=0.15)


def test_a_figure_that_is_one_pictures_is_as_sure_as_its_own_samples() -> None:
    rng = np.random.default_rng(5)
    apart = np.tile(np.arange(60.0, 150.0, 10.0), 100) * np.exp(0.03 * rng.normal(size=900))
    names = [f"{i}" for i in range(9)] * 100
    own = 1.96 * (np.pi / 2) ** 0.5 * 0.03 / 100**0.5  # of 100 samples, not of 900
    assert sure_median(apart, names).half_width == pytest.approx(own, rel=0.25)


def test_equal_samples_leave_no_doubt() -> None:
    assert sure_median(np.full(60, 5.0), ["one"] * 60).half_width == 0.0
