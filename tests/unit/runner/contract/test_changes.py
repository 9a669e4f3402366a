import math

import numpy as np
import pytest

from runner.contract.changes import PENALTY, change_points, correlation, outliers


def staircase(rng: np.random.Generator, *segments: tuple[int, float, float]) -> np.ndarray:
    """Return segments of (length, mean, deviation), one after another."""
    return np.concatenate([rng.normal(mean, deviation, size=n) for n, mean, deviation in segments])


@pytest.mark.parametrize("seed", [1, 2])
def test_change_points_are_those_of_ruptures(seed: int) -> None:
    ruptures = pytest.importorskip("ruptures")

    class Cost(ruptures.base.BaseCost):  # type: ignore[misc, name-defined]
        model, min_size = "mean and variance", 2

        def fit(self, signal: np.ndarray) -> "Cost":
            self.signal = signal
            return self

        def error(self, start: int, end: int) -> float:
            return float((end - start) * math.log(self.signal[start:end].var()))

    series = staircase(np.random.default_rng(seed), (25, 120, 2), (60, 100, 2), (40, 100, 12), (35, 104, 1))
    oracle = ruptures.Pelt(custom_cost=Cost(), min_size=2, jump=1).fit(series)
    expected = oracle.predict(pen=PENALTY * math.log(len(series)))[:-1]
    assert len(expected) == 3
    assert change_points(series) == expected


def test_a_long_series_has_the_change_points_of_its_exact_search() -> None:
    rng = np.random.default_rng(3)
    series = staircase(rng, (333, 130, 2), (1667, 100, 2), (1000, 90, 2))
    points = change_points(series)
    assert len(points) == 2
    assert np.abs(np.subtract(points, [333, 2000])).max() <= 1


def test_equal_neighbours_are_no_segment_of_their_own() -> None:
    rng = np.random.default_rng(4)
    coarse = np.round(rng.normal(100, 2, size=400))
    coarse[100:108] = 100.0
    assert change_points(coarse) == []
    assert change_points(np.full(50, 7.0)) == []
    assert change_points(np.array([1.0, 2.0])) == []


def test_outliers_stand_out_of_the_samples_around_them() -> None:
    times = np.random.default_rng(5).normal(100, 2, size=700)
    times[600:] += 60  # another level is none
    times[[0, 250, 699]] += 400
    assert np.flatnonzero(outliers(times)).tolist() == [0, 250, 699]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_correlation_is_not_that_of_a_change_of_level(phi: float) -> None:
    rng = np.random.default_rng(6)
    values = np.zeros(4000)
    for i in range(1, len(values)):
        values[i] = phi * values[i - 1] + rng.normal()
    values[1500:] += 50
    assert correlation(values) == pytest.approx(phi, abs=0.12)
