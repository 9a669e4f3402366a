"""How many independent samples a series is worth, and Student's t, in NumPy."""

import math
from typing import NamedTuple, Optional

import numpy

#: Two-sided 95 % points of Student's t for 1 to 9 degrees of freedom.
_T95 = (12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157)
_Z95 = 1.959964


class Effective(NamedTuple):
    """The effective sample size, and the degrees of freedom with which it was estimated."""

    size: float
    freedom: float


def student_t95(freedom: float) -> float:
    """Return the two-sided 95 % point of Student's t, to 1e-4; infinite below one degree of freedom.

    From ten on it is the expansion of Abramowitz and Stegun (26.7.5); below, the table at the next lower whole number.
    """
    if freedom < 1:
        return math.inf
    if freedom < 10:
        return _T95[int(freedom) - 1]
    z = _Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (i + 1) for i, term in enumerate(terms))


def effective_size(series: numpy.ndarray, weights: Optional[numpy.ndarray] = None) -> Effective:
    """Return how many independent samples tell as much of the mean as this series (n,), never more than n.

    Geyer's initial monotone sequence (Statistical Science 7, 1992): autocorrelations are summed in pairs, for as long
    as these are positive and decrease. A pair within its own standard error, and a first correlation alone within its
    own, counts as none: of independent samples about half the estimates would otherwise fall below n by chance. With
    `weights` (n,) it is of the weighted mean: each correlation counts by the product of the weights that it joins.
    The degrees of freedom are those of a spectral estimate with as many lags (Priestley, Spectral Analysis and Time
    Series, 1981, section 6.2): n / (2 lags + 1).
    """
    n = len(series)
    correlations = _autocorrelations(series)
    if correlations is None:
        return Effective(float(n), float(max(1, n - 1)))
    pairs = correlations[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = numpy.flatnonzero(pairs <= 1 / math.sqrt(n))
    count = max(1, int(ends[0]) if len(ends) else len(pairs))
    if count == 1 and pairs[0] - 1 < 1 / math.sqrt(n):
        kept = correlations[:1]
    else:
        shrunk = numpy.minimum.accumulate(pairs[:count]) / pairs[:count]
        kept = correlations[: 2 * count] * numpy.repeat(shrunk, 2)
    products = (
        numpy.ones(len(kept)) if weights is None or weights.min() == weights.max() else _products(weights, len(kept))
    )
    spread = products[0] + 2 * float(kept[1:] @ products[1:])
    return Effective(n / max(1.0, spread), n / (2 * len(kept) - 1.0))


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
