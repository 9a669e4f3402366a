"""When a measurement may end, in two stages, and what it says: one estimator stops and reports.

The live loop takes a look whenever the series is as long as the last look asked for, and ends on a verdict. Whoever has
the samples afterwards replays the same looks and comes to the same.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, Optional, Sequence

import numpy

from runner.contract.certainty import FEWEST, SureFigure, sure_figure
from runner.contract.mix import levelled
from runner.contract.steadiness import Steadiness, steadiness

Verdict = Literal["precise", "imprecise", "insufficient", "no steady state"]

#: The series grows by at least so much from look to look, and doubles at most. Nor does a measurement end before it is
#: that much longer than its pilot, since a pilot ends where its effective size happens to look large.
_GROWTH = 1.2
#: The second stage aims at this share of the width asked for, so that it need not be missed by chance.
_AIM = 0.9
#: Of the iterations, or 5: another begin of the steady part that is further off is another steady part.
_SAME_BEGIN = 0.05


@dataclass(frozen=True)
class Goal:
    """What is asked for: the half width of the 95 % interval as a share of the figure, and the cap in iterations.

    `pilot` is the effective sample size of the first stage.
    """

    precision: float
    max_iterations: int
    pilot: float


@dataclass(frozen=True)
class Pilot:
    """The first stage: which samples it took, and the half width that they promised."""

    begin: int
    samples: int
    half_width: float


@dataclass(frozen=True)
class Standing:
    """Where a series of `iterations` stands: what it did, the figure of its steady part and whether that will do.

    `half_width` is the wider of the pilot's, scaled to the samples, and the final one, as a share of the figure; None
    where there is no verdict on precision. `verdict` is None while measuring goes on, up to the iteration `next_look`.
    `needed` is the number of iterations like these that would do, None where none is known.
    """

    iterations: int
    steadiness: Steadiness
    figure: SureFigure
    half_width: Optional[float]
    pilot: Optional[Pilot]
    verdict: Optional[Verdict]
    next_look: int
    needed: Optional[int]


def first_look(goal: Goal) -> int:
    """Return after how many iterations the first look is due: as many as a pilot of independent samples takes."""
    return min(math.ceil(goal.pilot), goal.max_iterations)


def look(
    times: numpy.ndarray, pictures: Sequence[str], goal: Goal, before: Optional[Standing] = None, last: bool = False
) -> Standing:
    """Look at all times (n,) from the first iteration on. `before` is the look before this one; `last` says that a cap
    was reached, and that there must be a verdict."""
    n = len(times)
    last = last or n >= goal.max_iterations
    state = steadiness(levelled(times, pictures), last)
    steady = state.kind != "no steady state"
    begin = state.begin if steady else 0
    figure = sure_figure(times[begin:], pictures[begin:])
    pilot = _pilot(goal, before, state, figure, n) if steady else None
    seen = Standing(n, state, figure, _width(pilot, figure) if steady else None, pilot, None, 0, None)
    target = _target(seen, goal)
    ahead = target or math.floor(_AIM * n * goal.pilot / figure.effective)
    return replace(
        seen,
        verdict=_verdict(seen, goal, target, last),
        next_look=min(goal.max_iterations, max(math.ceil(_GROWTH * n), min(ahead, 2 * n))),
        needed=target if figure.effective >= FEWEST else math.ceil(n * goal.pilot / max(1.0, figure.effective)),
    )


def replay(times: numpy.ndarray, pictures: Sequence[str], goal: Goal) -> Standing:
    """Return the look that ended the series (n >= 1), or the one that its end asks for."""
    due, seen = first_look(goal), None
    while due < len(times):
        seen = look(times[:due], pictures[:due], goal, seen)
        if seen.verdict:
            return seen
        due = seen.next_look
    return look(times, pictures, goal, seen, last=True)


def _pilot(goal: Goal, before: Optional[Standing], state: Steadiness, figure: SureFigure, n: int) -> Optional[Pilot]:
    """Return the pilot of before, where it is of the same steady part and seen through the same mix, else a new one."""
    old = before.pilot if before else None
    if (
        old
        and before
        and abs(state.begin - old.begin) <= max(5, _SAME_BEGIN * n)
        and before.figure.content == figure.content
    ):
        return old
    return Pilot(state.begin, figure.samples, figure.half_width) if figure.effective >= goal.pilot else None


def _width(pilot: Optional[Pilot], figure: SureFigure) -> Optional[float]:
    if figure.effective < FEWEST:
        return None
    promised = pilot.half_width * math.sqrt(pilot.samples / figure.samples) if pilot else 0.0
    return max(promised, figure.half_width)


def _target(seen: Standing, goal: Goal) -> Optional[int]:
    """Return after how many iterations the second stage ends, None without a pilot."""
    if seen.pilot is None or seen.half_width is None:
        return None
    stage = seen.pilot.begin + math.ceil(_GROWTH * seen.pilot.samples)
    if seen.half_width <= goal.precision:
        return stage
    short = (seen.half_width / (_AIM * goal.precision)) ** 2
    return max(stage, seen.steadiness.begin + math.ceil(short * seen.figure.samples))


def _verdict(seen: Standing, goal: Goal, target: Optional[int], last: bool) -> Optional[Verdict]:
    wide = seen.half_width is None or seen.half_width > goal.precision
    if not wide and target is not None and seen.iterations >= target:
        return "precise"
    if not last:
        return None
    if seen.steadiness.kind == "no steady state" and seen.iterations >= goal.pilot:
        return "no steady state"
    if seen.half_width is None:
        return "insufficient"
    return "imprecise" if wide else "precise"
