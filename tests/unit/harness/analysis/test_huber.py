import numpy as np
import pytest

from harness.analysis.huber import Columns, fitted


def line(n: int, *, noise: float = 0.0, seed: int = 1) -> tuple[Columns, np.ndarray]:
    """Return columns and values of a line of slope 3 through 10."""
    draws = np.random.default_rng(seed)
    x = np.linspace(0, 5, n)
    return Columns(np.column_stack([np.ones(n), x])), 10 + 3 * x + noise * draws.standard_normal(n)


def test_a_line_without_noise_is_found_and_sure() -> None:
    slope = fitted(*line(8)).at(np.array([0.0, 1.0]))
    assert slope.value == pytest.approx(3) and slope.high - slope.low == pytest.approx(0, abs=1e-9)


def test_without_outliers_it_is_about_least_squares() -> None:
    columns, values = line(40, noise=0.5)
    fit = fitted(columns, values)
    least_squares, *_ = np.linalg.lstsq(columns.values, values, rcond=None)
    assert fit.coefficients == pytest.approx(least_squares, abs=0.05)
    residuals = values - columns.values @ least_squares
    usual = np.sqrt(residuals @ residuals / 38 * np.linalg.inv(columns.values.T @ columns.values)[1, 1])
    assert np.sqrt(fit.covariance[1, 1]) == pytest.approx(usual, rel=0.25)


def test_one_point_in_eight_that_is_far_off_hardly_moves_it() -> None:
    columns, values = line(16, noise=0.1)
    values[[13, 14]] += 40.0
    slope = fitted(columns, values).at(np.array([0.0, 1.0]))
    least_squares, *_ = np.linalg.lstsq(columns.values, values, rcond=None)
    assert abs(least_squares[1] - 3) > 0.5
    assert slope.value == pytest.approx(3, abs=0.1)
    assert slope.low < 3 < slope.high


def test_an_estimate_in_another_unit_keeps_its_ends_around_it() -> None:
    estimate = fitted(*line(9, noise=0.1)).at(np.array([0.0, 1.0])).scaled(1000)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.value == pytest.approx(3000, rel=0.1)
