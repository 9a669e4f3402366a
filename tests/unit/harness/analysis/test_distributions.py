"""The distributions beside scipy.stats, which has them by other ways."""

import pytest
from scipy import stats

from harness.analysis import distributions


@pytest.mark.parametrize("degrees", [1, 2.5, 40])
def test_student(degrees: float) -> None:
    point = distributions.student_quantile(degrees, 0.975)
    assert point == pytest.approx(stats.t(degrees).ppf(0.975))
    assert distributions.student_cdf(degrees, point) == pytest.approx(0.975)
    apart = distributions.noncentrality(degrees, 0.1, point)
    assert stats.nct(degrees, apart).cdf(point) == pytest.approx(0.1, rel=1e-3)


def test_chi_square_and_binomial() -> None:
    assert distributions.chi_square_exceeded(7, 0.95) == pytest.approx(stats.chi2(7).isf(0.95))
    assert distributions.binomial_cdf(3, 12, 0.5) == pytest.approx(stats.binom(12, 0.5).cdf(3))
