"""A robust linear fit: Huber's M-estimate with Student's interval.

Of few points with an outlier among them, Theil and Sen's median of slopes is as robust, but has one variable alone, and
what a picture costs follows several at once. SciPy has no such fit with intervals.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.distributions import student_quantile

CONFIDENCE = 0.95
#: So many standard deviations are taken as they are; of normal errors that costs 5 % of least squares' efficiency.
TUNING = 1.345
#: What the median of absolute normal errors is in standard deviations.
NORMAL = 0.6744897501960817
ROUNDS, TOLERANCE = 50, 1e-4
#: Of a point that decides a coefficient alone, what the fit leaves of its error is nothing: it counts as this much.
MOST_LEVERAGE = 0.999

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Slope:
    """A figure between the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Slope":
        """Return it in a unit that is `factor` times smaller, for a factor above 0."""
        return Slope(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Fit:
    """coefficients (P,) of the columns that were fitted, their covariance (P, P), and the degrees of freedom left."""

    coefficients: Floats
    covariance: Floats
    degrees: int

    def at(self, place: Floats) -> Slope:
        """Return the sum of the coefficients times `place` (P,), a coefficient where that is a unit vector."""
        value = float(place @ self.coefficients)
        variance = max(float(place @ self.covariance @ place), 0.0)
        half = student_quantile(self.degrees, (1 + CONFIDENCE) / 2) * variance**0.5
        return Slope(value, value - half, value + half)


def fitted(columns: Floats, values: Floats) -> Fit:
    """Fit values (N,) as a sum of columns (N, P) that are independent of each other; N is larger than P.

    The covariance is Huber's with his correction for few points (Robust Statistics, 1981, section 7.6), in the form for
    points that do not all scatter alike (HC3: MacKinnon and White, Journal of Econometrics 29, 1985).
    """
    n, p = columns.shape
    coefficients, *_ = np.linalg.lstsq(columns, values, rcond=None)
    scale = _scale(values - columns @ coefficients, p)
    for _ in range(ROUNDS):
        if scale == 0.0:
            break
        weights = _weights((values - columns @ coefficients) / scale) ** 0.5
        before = coefficients
        coefficients, *_ = np.linalg.lstsq(columns * weights[:, None], values * weights, rcond=None)
        scale = _scale(values - columns @ coefficients, p)
        if np.abs(columns @ (coefficients - before)).max() <= TOLERANCE * scale:
            break
    return Fit(np.asarray(coefficients, float), _covariance(columns, values - columns @ coefficients, scale), n - p)


def _scale(residuals: Floats, p: int) -> float:
    """Return the spread of the residuals by their median; a fit of p columns leaves p of them near zero."""
    return middle(np.sort(np.abs(residuals))[p:]) / NORMAL


def middle(ordered: Floats) -> float:
    """Return the median of values in order, in a tenth of the time that numpy's own takes for so few."""
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _weights(standard: Floats) -> Floats:
    return TUNING / np.maximum(np.abs(standard), TUNING)


def _covariance(columns: Floats, residuals: Floats, scale: float) -> Floats:
    n, p = columns.shape
    if scale == 0.0:
        return np.zeros((p, p))
    inside = float(np.mean(np.abs(residuals) <= TUNING * scale))
    bent = np.clip(residuals, -TUNING * scale, TUNING * scale)
    own = np.linalg.qr(columns)[0]
    leverage = np.minimum((own * own).sum(axis=1), MOST_LEVERAGE)
    errors = bent / (1 - leverage)
    bread = np.linalg.inv(columns.T @ columns) * (1 + p / n * (1 - inside) / inside) / inside
    half = bread @ (columns * errors[:, None]).T
    return np.asarray(half @ half.T)
