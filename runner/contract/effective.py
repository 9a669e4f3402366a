"""How many independent samples a series is worth, and Student's t, in NumPy."""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple, Optional

import numpy


class Effective(NamedTuple):
    """The effective sample size, and the degrees of freedom with which it was estimated."""

    size: float
    freedom: float


@lru_cache(maxsize=1000)
def student_t(freedom: float, error: float = 0.05) -> float:
    """Return the point that Student's t exceeds on either side with this error in all; infinite below one degree.

    From ten degrees of freedom on it is an expansion (Abramowitz and Stegun, 26.7.5), to 1e-4 at 5 %; below, that of
    the next lower whole number, by bisection.
    """
    if freedom < 1:
        return math.inf
    if freedom < 10:
        return _by_bisection(int(freedom), 1 - error)
    z = NormalDist().inv_cdf(1 - error / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))


def _by_bisection(freedom: int, within: float) -> float:
    low, high = 0.0, math.pi / 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _share_within(middle, freedom) < within else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _share_within(angle: float, freedom: int) -> float:
    """Return the chance that |t| is below sqrt(freedom) tan(angle): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    sine, cosine, odd = math.sin(angle), math.cos(angle), freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def effective_size(series: numpy.ndarray, weights: Optional[numpy.ndarray] = None) -> Effective:
    """Return how many independent samples tell as much of the mean as this series (n,), never more than n.

    By Geyer's initial monotone sequence of autocorrelations. With `weights` (n,) it is of the weighted mean: each
    correlation counts by the product of the weights that it joins. The degrees of freedom are those of a spectral
    estimate with as many lags (Priestley, Spectral Analysis and Time Series, 1981, section 6.2): n / (2 lags + 1).
    """
    n = len(series)
    correlations = _autocorrelations(series)
    if correlations is None:
        return Effective(float(n), float(max(1, n - 1)))
    kept = _initial_sequence(correlations)
    products = (
        numpy.ones(len(kept)) if weights is None or weights.min() == weights.max() else _products(weights, len(kept))
    )
    spread = products[0] + 2 * float(kept[1:] @ products[1:])
    return Effective(n / max(1.0, spread), n / (2 * len(kept) - 1.0))


def _initial_sequence(correlations: numpy.ndarray) -> numpy.ndarray:
    """Return the autocorrelations that count, from lag 0 on, of those of all lags (n,).

    They are summed in pairs, as long as these are positive and decrease (Geyer, Statistical Science 7, 1992). A pair
    within the standard error of one correlation counts as none, and so do all where the first one is within its own:
    of independent samples about half the estimates would otherwise fall below n by chance.
    """
    n = len(correlations)
    error = 1 / math.sqrt(n)
    if correlations[1] < error:
        return correlations[:1]
    pairs = correlations[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = numpy.flatnonzero(pairs <= error)
    count = max(1, int(ends[0]) if len(ends) else len(pairs))
    shrunk = numpy.minimum.accumulate(pairs[:count]) / pairs[:count]
    return numpy.asarray(correlations[: 2 * count] * numpy.repeat(shrunk, 2))


def _autocorrelations(series: numpy.ndarray) -> Optional[numpy.ndarray]:
    n = len(series)
    centred = series - series.mean() if n else series
    if n < 4 or not centred.any():
        return None
    size = 1 << (2 * n - 1).bit_length()
    spectrum = numpy.fft.rfft(centred, size)
    covariances = numpy.fft.irfft(spectrum * spectrum.conj(), size)[:n]
    return numpy.asarray(covariances / covariances[0])


def _products(weights: numpy.ndarray, lags: int) -> numpy.ndarray:
    """Return the mean product of weights that are so many places apart, for each lag."""
    scaled = weights / weights.mean()
    return numpy.array([float(scaled[lag:] @ scaled[: len(scaled) - lag]) / (len(scaled) - lag) for lag in range(lags)])
