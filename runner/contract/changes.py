"""Where a series of times changes its level or its spread."""

import math
from typing import List

import numpy

#: The window in which an outlier stands out, in samples.
WINDOW = 200
#: The penalty of a change point, in ln n.
PENALTY = 15.0
#: Above so many samples change points are first sought on a grid, then moved to the best place between its lines.
EXACT = 200
#: No segment's deviation counts as smaller than this share of the step from one sample to the next: equal neighbours,
#: as of a coarse clock, are no segment without spread.
_SMALLEST_DEVIATION = 0.1
_SHORTEST = 2


def outliers(times: numpy.ndarray) -> numpy.ndarray:
    """Return which samples (n,) lie beyond median ± 3 (P90 - P10) of the 200 samples around them.

    Barrett et al., Virtual Machine Warmup Blows Hot and Cold (OOPSLA 2017), section 4.1; the window moves by half.
    """
    n = len(times)
    outside = numpy.zeros(n, dtype=bool)
    starts = range(0, max(1, n - WINDOW // 2), WINDOW // 2)
    for start in starts:
        begin = max(0, min(start, n - WINDOW))
        window = times[begin : begin + WINDOW]
        low, median, high = numpy.percentile(window, [10, 50, 90])
        inner = 0 if begin == 0 else WINDOW // 4
        outside[begin + inner : begin + WINDOW] = (numpy.abs(window - median) > 3 * (high - low))[inner:]
    return outside


def change_points(times: numpy.ndarray) -> List[int]:
    """Return the indices at which another mean or variance begins, in their order.

    Optimal partitioning (Jackson et al., IEEE Signal Processing Letters 12, 2005) by the cost and the penalty of
    Barrett et al.: n ln(variance) of each segment, 15 ln n for each change. Exact up to EXACT samples.
    """
    n = len(times)
    if n < 2 * _SHORTEST:
        return []
    cost = _Cost(times)
    step = -(-n // EXACT)
    grid = numpy.append(numpy.arange(0, n - max(step, _SHORTEST) + 1, step), n)
    penalty = PENALTY * math.log(n)
    points = _partition(cost, grid, penalty, gap=_SHORTEST if step == 1 else 1)
    return points if step == 1 else _worthwhile(cost, _refined(cost, points, n, step), n, penalty)


def correlation(times: numpy.ndarray) -> float:
    """Return the correlation of neighbours (0 to 0.99), whatever changes of level there are.

    From the median steps to the next sample and to the one after it, in which few change points have no part: Chakar et
    al., A robust approach for estimating change-points in the mean of an AR(1) process, Bernoulli 23 (2017).
    """
    if len(times) < 4:
        return 0.0
    one, two = (float(numpy.median(numpy.abs(times[lag:] - times[:-lag]))) for lag in (1, 2))
    return min(0.99, max(0.0, (two / one) ** 2 - 1)) if one > 0 else 0.0


class _Cost:
    """n ln(variance) of any segments of a series, from sums that are computed once."""

    def __init__(self, times: numpy.ndarray) -> None:
        centred = times - numpy.median(times)
        scaled = centred / (centred.std() or 1.0)
        self.sums = numpy.append(0.0, numpy.cumsum(scaled))
        self.squares = numpy.append(0.0, numpy.cumsum(scaled * scaled))
        self.floor = max(1e-12, (_SMALLEST_DEVIATION * float(numpy.median(numpy.abs(numpy.diff(scaled))))) ** 2)

    def between(self, begins: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
        """Return the costs of the segments from `begins` up to `ends`, which NumPy broadcasts."""
        counts = numpy.maximum(1, ends - begins)
        means = (self.sums[ends] - self.sums[begins]) / counts
        variances = (self.squares[ends] - self.squares[begins]) / counts - means * means
        return numpy.asarray(counts * numpy.log(numpy.maximum(variances, self.floor)))


def _partition(cost: _Cost, grid: numpy.ndarray, penalty: float, gap: int) -> List[int]:
    """Return the begins, all on the grid, of the cheapest segments, which are at least `gap` of its lines long."""
    costs = cost.between(grid, grid[:, None])  # (end, begin); where an end is no later than its begin it means nothing
    best = numpy.full(len(grid), numpy.inf)
    best[0] = -penalty
    before = numpy.zeros(len(grid), dtype=int)
    for end in range(gap, len(grid)):
        totals = best[: end - gap + 1] + costs[end, : end - gap + 1]
        before[end] = place = int(totals.argmin())
        best[end] = totals[place] + penalty
    points, place = [], int(before[-1])
    while place > 0:
        points.append(int(grid[place]))
        place = int(before[place])
    return points[::-1]


def _refined(cost: _Cost, points: List[int], n: int, step: int) -> List[int]:
    """Return the points of a grid with lines `step` apart, each moved to the best place up to the next lines."""
    bounds = [0, *points, n]
    for i in range(1, len(bounds) - 1):
        low, high = bounds[i - 1] + _SHORTEST, bounds[i + 1] - _SHORTEST
        places = numpy.arange(max(low, bounds[i] - step), min(high, bounds[i] + step) + 1)
        totals = cost.between(numpy.array(bounds[i - 1]), places) + cost.between(places, numpy.array(bounds[i + 1]))
        bounds[i] = int(places[totals.argmin()])
    return bounds[1:-1]


def _worthwhile(cost: _Cost, points: List[int], n: int, penalty: float) -> List[int]:
    """Leave out the points that do not pay: the grid may need two for a change that lies between its lines."""
    for i in range(len(points)):
        low, here, high = [0, *points, n][i : i + 3]
        begins, ends = numpy.array([low, here, low]), numpy.array([here, high, high])
        before, after, joined = cost.between(begins, ends)
        if joined <= before + after + penalty:
            return _worthwhile(cost, points[:i] + points[i + 1 :], n, penalty)
    return points
