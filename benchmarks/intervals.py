"""The median of paired figures, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A median between the ends of its confidence interval, in the unit of the values."""

    low: float
    median: float
    high: float


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the median with the order statistics that enclose the true one with at least this confidence.

    It assumes nothing of the values' distribution but that they are independent, so a burst of noise in a minority
    of the pairs widens it little; and for a median it is the same on ratios as on their logarithms. A bootstrap
    comes to nearly the same ends where values are many, and is too narrow where they are few.
    David and Nagaraja, Order Statistics, 3rd edition, section 7.1.
    """
    ordered = sorted(values)
    outside = _ranks_outside(len(ordered), confidence)
    return Interval(ordered[outside], median(ordered), ordered[-1 - outside])


def _ranks_outside(count: int, confidence: float) -> int:
    """Return how many of `count` ordered values may lie beyond each end; ValueError where they are too few."""
    chance, outside = 0.0, -1
    while chance <= (1 - confidence) / 2:
        outside += 1
        chance += comb(count, outside) / 2**count
    if outside == 0:
        raise ValueError(f"{count} values are too few for a {confidence:.2%} interval of the median")
    return outside - 1
