"""How sure a median and a high percentile are, from one steady series."""

import math
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy

from runner.contract.effective import effective_size, student_t95
from runner.contract.mix import unmixed

#: Below this effective sample size no method is right, and there is no verdict.
FEWEST = 50.0
CONFIDENCE = 0.95


@dataclass(frozen=True)
class SureMedian:
    """The median over pictures of the medians within, and the half width of its 95 % interval as a share of it.

    `effective` is how many independent samples the `samples` are worth; `content` says that the interval includes which
    pictures they happened to be.
    """

    figure: float
    half_width: float
    samples: int
    effective: float
    content: bool


@dataclass(frozen=True)
class SurePercentile:
    """A percentile with a 95 % interval, in the unit of the times; the ends are None where `needed` says how many
    samples like these it takes."""

    figure: float
    low: Optional[float]
    high: Optional[float]
    needed: Optional[int]


def sure_median(times: numpy.ndarray, pictures: Sequence[str]) -> SureMedian:
    """Return the figure of the times (n,) of pictures, and how sure it is.

    The ends are quantiles of the ratios to the pictures' medians, as far around the middle as the median of so many
    independent samples errs: order statistics with the effective sample size for n (David and Nagaraja, Order
    Statistics, 3rd edition, section 7.1), which is that of lying below the median (Vehtari et al., Bayesian Analysis
    16, 2021). Student's t has the degrees of freedom of that size's own estimate, which correlated samples tell badly.
    """
    mix = unmixed(times, pictures)
    below = (mix.ratios <= numpy.median(mix.ratios)) - 0.5
    alone = effective_size(below)
    effective = effective_size(below, mix.weights)
    reach = student_t95(min(alone.freedom, effective.freedom)) / (2 * math.sqrt(effective.size))
    low, high = numpy.quantile(mix.ratios, [max(0.0, 0.5 - reach), min(1.0, 0.5 + reach)])
    return SureMedian(mix.figure, float(high - low) / 2, len(times), alone.size, mix.content)


def sure_percentile(times: numpy.ndarray, percent: float) -> SurePercentile:
    """Return the percentile (0 to 100, both excluded) of the times (n,), mix of pictures included, and how sure it is.

    The order statistic is the lower one. The ends are the order statistics between which it lies with 95 % by the
    binomial distribution (Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2), of as many samples as
    are independent of each other in exceeding it.
    """
    share, n = percent / 100, len(times)
    ordered = numpy.sort(times)
    figure = float(ordered[int(share * (n - 1))])
    count = int(effective_size((times >= figure) - 0.5).size)
    tail = (1 - CONFIDENCE) / 2
    needed = math.ceil(math.log(tail) / math.log(max(share, 1 - share)) * n / max(1, count))
    chances = numpy.cumsum(_binomial(count, share))
    low = int(numpy.searchsorted(chances, tail, side="right"))  # so many of the smallest lie below it for certain
    high = int(numpy.searchsorted(chances, 1 - tail)) + 1
    if low < 1 or high > count:
        return SurePercentile(figure, None, None, needed)
    ends = (ordered[(low - 1) * n // count], ordered[-(-high * n // count) - 1])
    return SurePercentile(figure, float(ends[0]), float(ends[1]), None)


def _binomial(count: int, share: float) -> numpy.ndarray:
    """Return the chance of each number from 0 to `count` of successes."""
    logs = numpy.append(0.0, numpy.cumsum(numpy.log(numpy.arange(1, count + 1))))
    numbers = numpy.arange(count + 1)
    ways = logs[-1] - logs - logs[::-1]
    return numpy.asarray(numpy.exp(ways + numbers * math.log(share) + (count - numbers) * math.log1p(-share)))
