from typing import Any

import numpy as np
import pytest
from scipy.stats import quantile_test, t

from runner.contract.certainty import sure_figure, sure_percentile


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


def test_the_width_of_one_pictures_figure_is_that_of_theory() -> None:
    times = np.random.default_rng(4).normal(100, 2, size=4000)
    sure = sure_figure(times, ["one"] * 4000)
    assert sure.half_width == pytest.approx(1.96 * (np.pi / 2) ** 0.5 * 0.02 / 4000**0.5, rel=0.2)
    assert sure.effective == pytest.approx(4000, rel=0.15)


@pytest.mark.parametrize("noise", [(0.03,), (0.02, 0.08)])
def test_pictures_that_lie_apart_are_as_sure_as_all_their_samples(noise: tuple[float, ...]) -> None:
    rng = np.random.default_rng(5)
    within = np.resize(noise, 10)
    names = [f"{i}" for i in range(10)] * 100
    apart = np.tile(np.arange(60.0, 160.0, 10.0), 100) * np.exp(np.tile(within, 100) * rng.normal(size=1000))
    theory = 1.96 * (np.pi / 2 * np.square(within).mean() / 1000) ** 0.5
    assert sure_figure(apart, names).half_width == pytest.approx(theory, rel=0.2)


def test_a_picture_seen_seldom_makes_the_figure_less_sure() -> None:
    rng = np.random.default_rng(7)
    times = 100 * np.exp(0.03 * rng.normal(size=1000))
    seldom = ["seldom" if i % 100 == 0 else "often" for i in range(1000)]
    theory = 1.96 * (np.pi / 2 * (1 / 10 + 1 / 990) / 4) ** 0.5 * 0.03
    assert sure_figure(times, seldom).half_width == pytest.approx(theory, rel=0.35)


def test_what_few_visits_may_make_of_skewed_noise_is_in_the_width() -> None:
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(60):
        sure = sure_figure(100 + 10 * rng.exponential(size=300), [f"{i % 60}" for i in range(300)])
        held += abs(sure.value - (100 + 10 * np.log(2))) <= sure.half_width * sure.value
    assert held >= 52


def test_where_pictures_were_seen_once_the_interval_is_students_over_them() -> None:
    times = np.exp(np.random.default_rng(9).normal(4, 0.1, size=200))
    sure = sure_figure(times, [f"{i}" for i in range(200)])
    logs = np.log(times)
    low, high = t.interval(0.95, 199, logs.mean(), logs.std(ddof=1) / 200**0.5)
    assert (sure.content, sure.samples) == (True, 200)
    assert sure.value == pytest.approx(np.exp(logs.mean()))
    assert sure.half_width == pytest.approx(np.exp((high - low) / 2) - 1, rel=0.2)


def test_equal_samples_leave_no_doubt() -> None:
    assert sure_figure(np.full(60, 5.0), ["one"] * 60).half_width == 0.0
