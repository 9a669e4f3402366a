"""How sure the reported latency of one cell is, from its own samples."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from harness.analysis.distributions import binomial_cdf, student_quantile
from runner.contract import Latency
from runner.contract.statistics import measured_ms

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A confidence interval, both ends in ms."""

    low_ms: float
    high_ms: float


def latency_interval(latency: Latency, statistic: str) -> Interval | None:
    """Return the 95 % interval of the mean or the median of the measured samples, None where they are too few.

    It speaks of this process and these inputs alone: another process may differ by more, which repeats show. Neighbours
    in time resemble each other, so n samples count as n (1 - r) / (1 + r) independent ones, r being the autocorrelation
    at lag 1 where it is positive (Zwiers and von Storch, Journal of Climate 8, 1995). Of a mean the interval is
    Student's; of a median it lies between order statistics, which assumes nothing of the distribution (David and
    Nagaraja, Order Statistics, 3rd edition, section 7.1).
    """
    return latency_intervals(latency)[statistic]


def latency_intervals(latency: Latency) -> dict[str, Interval | None]:
    """Return the intervals of the mean and the median, see latency_interval."""
    times = np.asarray(measured_ms(latency))
    mean = times.mean() if len(times) else np.float64(np.nan)
    deviations = times - mean
    independent = effective_count(deviations)
    return {"mean": _of_mean(mean, deviations, independent), "median": _of_median(times, independent)}


def median_interval(times: np.ndarray) -> Interval | None:
    """Return the 95 % interval of the median of times (n,) in the order of execution, see latency_interval."""
    return _of_median(times, effective_count(times - times.mean())) if len(times) else None


def effective_count(centred: np.ndarray) -> float:
    """Return how many independent samples tell as much of their mean as those that deviate from it by these (n,)."""
    n, variance = len(centred), float(centred @ centred)
    if n < 3 or variance == 0.0:
        return float(n)
    r = max(0.0, float(centred[1:] @ centred[:-1]) / variance)
    return n * (1 - r) / (1 + r)


def _of_mean(mean: np.float64, deviations: np.ndarray, independent: float) -> Interval | None:
    if independent < 2:
        return None
    spread = ((deviations * deviations).sum() / (len(deviations) - 1)) ** 0.5
    half = student_quantile(independent - 1, (1 + CONFIDENCE) / 2) * spread / independent**0.5
    low, high = float(mean - half), float(mean + half)
    return Interval(low, high) if low > 0 else None  # so few samples that they do not even bound it


def _of_median(times: np.ndarray, independent: float) -> Interval | None:
    """Return the order statistics that as many independent samples would have, at the same share of the ranks."""
    count = int(independent)
    outside = _outside(count)
    if outside is None:
        return None
    ordered = np.sort(times)
    beyond = int(outside * len(ordered) / count)
    return Interval(float(ordered[beyond]), float(ordered[-1 - beyond]))


@cache
def _outside(count: int) -> int | None:
    """Return how many of so many ordered samples may lie beyond each end of a median's interval, None if not one."""
    outside = -1
    while outside + 1 < count and binomial_cdf(outside + 1, count, 0.5) <= (1 - CONFIDENCE) / 2:
        outside += 1
    return None if outside < 0 else outside
