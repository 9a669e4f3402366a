"""From where on a series is steady, and what it did before."""

import math
from dataclasses import dataclass
from typing import Literal, Tuple

import numpy

from runner.contract.changes import change_points, correlation, outliers
from runner.contract.effective import effective_size

SteadyKind = Literal["flat", "warmup", "slowdown", "no steady state"]

#: The steady part is at least this share of all samples.
STEADY_SHARE = 0.25
#: Levels that differ by less than this share of the last one, and than its deviation, are the same.
SAME_LEVEL = 0.01
#: A step of so many standard errors is one.
_STEP_ERRORS = 5.0
#: A drift is one sooner: where there is none, measuring goes on a little longer, while one that is overlooked leaves a
#: figure that depends on when the measuring ended. Where it can't go on, a doubt is not enough to condemn the series.
_DOUBTFUL_DRIFT, _CERTAIN_DRIFT = 1.0, 1.96
#: Where normal values move by this times the distance of their quartiles, their ranks move by as much as there are.
_SHIFT_OF_RANKS = 2.63
#: Below so many samples neither is looked for.
_FEWEST = 20


@dataclass(frozen=True)
class Steadiness:
    """What a series did, and the index at which its steady part begins; meaningless where there is none."""

    kind: SteadyKind
    begin: int


def steadiness(times: numpy.ndarray, last: bool = False) -> Steadiness:
    """Return the class of the series (n,) of times, its mix of pictures removed, after Barrett et al. (OOPSLA 2017).

    `last` says that no further samples will come, so that a drift has to be certain, not just possible.

    Their change points have three helpers here. Autocorrelation would be taken for changes, so it is removed first
    (Chakar et al. 2017). Their penalty can't see a short step in a hundred samples, so what is left is searched for one
    (the maximum of the cumulated sums). And a slow drift is no change point: it is told by the slope of the ranks,
    where it moves the level by more than SAME_LEVEL.
    """
    kept = numpy.flatnonzero(~outliers(times))
    if len(kept) < _FEWEST:
        return Steadiness("no steady state", len(times))
    values = times[kept]
    begin = _after_steps(values, _last_level(values))
    first = int(kept[begin])
    enough = _CERTAIN_DRIFT if last else _DOUBTFUL_DRIFT
    if len(times) - first < STEADY_SHARE * len(times) or _drifts(values[begin:], enough):
        return Steadiness("no steady state", first)
    if first == 0:
        return Steadiness("flat", 0)
    slower = numpy.median(times[:first]) > numpy.median(times[first:])
    return Steadiness("warmup" if slower else "slowdown", first)


def _last_level(values: numpy.ndarray) -> int:
    """Return where the last level begins; where it had been left and came back, that belongs to the steady state."""
    alike = correlation(values)
    points = [point + 1 for point in change_points(values[1:] - alike * values[:-1])]
    parts = numpy.split(values, points)
    levels = [float(numpy.median(part)) for part in parts]
    same = min(float(parts[-1].std()), SAME_LEVEL * levels[-1])
    first = next(i for i, level in enumerate(levels) if abs(level - levels[-1]) <= same)
    return points[first - 1] if first else 0


def _after_steps(values: numpy.ndarray, begin: int) -> int:
    """Return the begin of what comes after the last step from `begin` on, one step at a time."""
    while len(values) - begin >= _FEWEST:
        place, errors = _largest_step(values[begin:])
        if errors < _STEP_ERRORS:
            break
        begin += place
    return min(begin, len(values) - 1)


def _largest_step(values: numpy.ndarray) -> Tuple[int, float]:
    """Return at which index the means before and after differ most, and by how many standard errors more than a line.

    A step in the middle of a drift would leave a part after it that is too short to show the rest of the drift.
    """
    n = len(values)
    values = values - numpy.median(values)  # 0 where all are equal, which their mean need not be
    places = numpy.arange(2, n - 1)
    sums = numpy.cumsum(values - values.mean())[places - 1]
    scores = numpy.abs(sums) / numpy.sqrt(places * (n - places) / n)
    place = int(places[scores.argmax()])
    rest = numpy.append(values[:place] - values[:place].mean(), values[place:] - values[place:].mean())
    _, off_line = _slope(values)
    return place, math.sqrt(max(0.0, float(off_line @ off_line - rest @ rest))) / _error(rest)


def _drifts(values: numpy.ndarray, errors: float) -> bool:
    """Return whether the level rises or falls, by so many standard errors and by more than SAME_LEVEL in all."""
    n = len(values)
    if n < _FEWEST:
        return True  # nothing is known of it
    slope, rest = _slope(_evened(values))
    error = _error(rest) * math.sqrt(12 / n**3)
    return abs(slope) > errors * error and abs(slope) * n > SAME_LEVEL * float(numpy.median(values))


def _slope(values: numpy.ndarray) -> Tuple[float, numpy.ndarray]:
    """Return by how much the values (n,) rise from one to the next on a straight line, and what is left of them."""
    when = numpy.arange(len(values)) - (len(values) - 1) / 2
    slope = float(when @ values) / float(when @ when)
    return slope, values - values.mean() - slope * when


def _evened(values: numpy.ndarray) -> numpy.ndarray:
    """Return the ranks (n,) of the values, around 0 and in their unit: they move as far as normal values do.

    Their slope is nearly as sure as that of the values, where their noise is normal, and surer where it has a tail.
    """
    _, places, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(counts) - counts / 2)[places]
    low, high = numpy.percentile(values, [25, 75])
    return numpy.asarray((ranks - ranks.mean()) * (_SHIFT_OF_RANKS * (high - low) / len(values)))


def _error(rest: numpy.ndarray) -> float:
    """Return the deviation of the rest, raised as its autocorrelation demands; never 0."""
    return max(float(rest.std()) * math.sqrt(len(rest) / effective_size(rest).size), 1e-300)
