import numpy as np
import pytest

from harness.analysis.uncertainty import effective_count, latency_interval
from tests.samples import latency


def autoregressive(rng: np.random.Generator, n: int, r: float) -> np.ndarray:
    """Return n values (n,) of mean 100 and deviation 1, each resembling the one before by r."""
    values = np.empty(n)
    values[0] = rng.normal()
    for i in range(1, n):
        values[i] = r * values[i - 1] + rng.normal() * (1 - r * r) ** 0.5
    return 100 + values


@pytest.mark.parametrize("statistic", ["mean", "median"])
@pytest.mark.parametrize("r", [0.0, 0.6])
def test_the_interval_holds_the_true_value_about_as_often_as_it_says(statistic: str, r: float) -> None:
    rng = np.random.default_rng(7)
    trials = 300
    held = 0
    for _ in range(trials):
        interval = latency_interval(latency(list(autoregressive(rng, 200, r))), statistic)
        assert interval is not None
        held += interval.low_ms <= 100 <= interval.high_ms
    assert 0.90 <= held / trials <= 0.99


def test_of_independent_samples_the_ends_are_those_of_the_tables() -> None:
    times = [10.0, 14.0, 11.0, 13.0, 12.0, 15.0, 9.0, 12.0]
    mean = latency_interval(latency(times), "mean")
    assert mean is not None
    half = 2.364624 * np.std(times, ddof=1) / 8**0.5  # Student's t of 7 degrees of freedom
    assert [mean.low_ms, mean.high_ms] == pytest.approx([12 - half, 12 + half])
    median = latency_interval(latency(times), "median")
    assert median is not None
    assert (median.low_ms, median.high_ms) == (9.0, 15.0)  # of 8 values only the outermost pair holds 95 %


def test_a_series_that_drifts_counts_for_few_samples() -> None:
    drifting = np.linspace(100, 200, 50)
    assert effective_count(drifting - drifting.mean()) < 5
    assert effective_count(np.zeros(50)) == 50


@pytest.mark.parametrize(("statistic", "times"), [("mean", [5.0]), ("mean", [5.0, 9.0]), ("median", [5.0] * 5)])
def test_too_few_samples_have_no_interval(statistic: str, times: list[float]) -> None:
    assert latency_interval(latency(times), statistic) is None


def test_equal_samples_leave_no_doubt() -> None:
    for statistic in ("mean", "median"):
        interval = latency_interval(latency([5.0] * 30), statistic)
        assert interval is not None
        assert (interval.low_ms, interval.high_ms) == (5.0, 5.0)
