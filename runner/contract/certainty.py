"""How sure a figure and a high percentile are, from one steady series."""

import math
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import numpy

from runner.contract.effective import effective_size, student_t
from runner.contract.mix import unmixed

#: Below this effective sample size no method is right, and there is no verdict.
FEWEST = 50.0
CONFIDENCE = 0.95
#: An error to one side widens the interval as if it were a standard error.
_BIAS_ERRORS = 2.0


@dataclass(frozen=True)
class SureFigure:
    """The geometric mean over pictures of the medians within, in the unit of the times, and how sure it is.

    `half_width` is that of its 95 % interval, as a share of it. `effective` is how many independent samples the
    `samples` are worth. Where `content` says that the interval includes which pictures they happened to be, each
    picture is one sample.
    """

    value: float
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


def sure_figure(times: numpy.ndarray, pictures: Sequence[str]) -> SureFigure:
    """Return the figure of the times (n,) of pictures, and how sure it is."""
    mix = unmixed(times, pictures)
    half_width, effective = _over_pictures(mix.ratios) if mix.content else _within_pictures(mix.ratios, mix.weights)
    half_width = math.hypot(half_width, _BIAS_ERRORS * mix.bias)
    return SureFigure(mix.figure, half_width, len(mix.ratios), effective, mix.content)


def _within_pictures(ratios: numpy.ndarray, weights: numpy.ndarray) -> Tuple[float, float]:
    """Return the half width of the mean of pictures' medians, and the effective sample size.

    The ends are quantiles of the ratios, as far around the middle as the median of so many independent samples errs:
    order statistics with the effective sample size for n (David and Nagaraja, Order Statistics, 3rd edition, section
    7.1), which is that of lying below the median (Vehtari et al., Bayesian Analysis 16, 2021). A picture's median errs
    by what its samples below it are too many or too few, so that the mean over pictures errs by their weighted sum.
    Student's t has the degrees of freedom of that size's own estimate, which correlated samples tell badly.
    """
    below = (ratios <= numpy.median(ratios)) - 0.5
    alone, weighted = effective_size(below), effective_size(below, weights)
    reach = student_t(min(alone.freedom, weighted.freedom)) / (2 * math.sqrt(weighted.size))
    low, high = numpy.quantile(ratios, [max(0.0, 0.5 - reach), min(1.0, 0.5 + reach)])
    return float(high - low) / 2, alone.size


def _over_pictures(ratios: numpy.ndarray) -> Tuple[float, float]:
    """Return the half width of the geometric mean, Student's t over the logarithms, and the effective sample size."""
    logs = numpy.log(ratios)
    size, freedom = effective_size(logs)
    error = float(logs.std()) / math.sqrt(max(1.0, size - 1))
    return math.expm1(student_t(max(1.0, min(freedom, size - 1))) * error), size


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
