import math

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import t

from runner.contract.effective import effective_size, student_t


@pytest.mark.parametrize("error", [0.05, 0.04, 0.015])
@pytest.mark.parametrize("freedom", [*range(1, 31), 12.5, 48.3, 99, 1000, 1e6])
def test_student_t_is_scipys(freedom: float, error: float) -> None:
    assert student_t(freedom, error) == pytest.approx(t.ppf(1 - error / 2, freedom), abs=1e-3 if error < 0.02 else 1e-4)


def test_student_t_of_few_degrees_of_freedom_is_the_next_wider_one() -> None:
    assert student_t(3.9) == student_t(3)
    assert student_t(0.5) == math.inf


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_size_of_an_autoregressive_series_is_the_known_one(phi: float) -> None:
    rng = np.random.default_rng(1)
    n = 4000
    sizes = [effective_size(lfilter([1], [1, -phi], rng.normal(size=n + 200))[200:]).size for _ in range(60)]
    assert np.mean(sizes) == pytest.approx(n * (1 - phi) / (1 + phi), rel=0.08)


def test_equal_weights_change_nothing_and_one_that_counts_alone_leaves_its_own_samples() -> None:
    series = np.random.default_rng(2).normal(size=600)
    alone = effective_size(series)
    assert effective_size(series, np.ones(600)).size == pytest.approx(alone.size)
    tenth = np.where(np.arange(600) % 10 == 3, 10.0, 0.0)
    assert effective_size(series, tenth).size == pytest.approx(60, rel=0.05)


def test_it_is_never_more_than_the_samples() -> None:
    alternating = np.tile([1.0, -1.0], 50)
    assert effective_size(alternating).size == 100
    assert effective_size(np.full(30, 2.0)).size == 30
    assert effective_size(np.array([1.0])).size == 1
