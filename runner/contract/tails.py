"""A percentile that was asked for: beyond the verdict on the median, measuring goes on until it has bounds.

What is waited for is how many independent samples bounds take, never that they look narrow. Each look beyond the first
verdict goes back to that one, so that whoever has the samples afterwards needs no other to come to the same.
"""

import math
from typing import Sequence

import numpy

from runner.contract.certainty import CONFIDENCE, SurePercentile, sure_percentile
from runner.contract.pilot import Goal, Standing, look, replay


def look_beyond(times: numpy.ndarray, pictures: Sequence[str], goal: Goal, precise: Standing) -> Standing:
    """Look at all times (n,) of a series whose beginning had its verdict with the look `precise`."""
    return look(times, pictures, goal, precise, last=True)


def replay_whole(times: numpy.ndarray, pictures: Sequence[str], goal: Goal) -> Standing:
    """Return the look that ended the series (n >= 1), whether its median alone ended it or a percentile, too."""
    seen = replay(times, pictures, goal)
    return seen if seen.iterations == len(times) else look_beyond(times, pictures, goal, seen)


def bounds(times: numpy.ndarray, seen: Standing, percent: float) -> SurePercentile:
    """Return the percentile of the steady part of the times (n,), in their unit, and how sure it is."""
    steady = seen.steadiness.kind != "no steady state"
    return sure_percentile(times[seen.steadiness.begin if steady else 0 :], percent)


def next_look_for(found: SurePercentile, seen: Standing, goal: Goal) -> int:
    """Return after how many iterations the percentile may have bounds: twice as many at most, or the cap."""
    ahead = seen.steadiness.begin + (found.needed or 0)
    return min(goal.max_iterations, max(seen.next_look, min(ahead, 2 * seen.iterations)))


def fewest_samples(percent: float) -> int:
    """Return how many independent samples bounds of the percentile take at least."""
    share = percent / 100
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(max(share, 1 - share)))
