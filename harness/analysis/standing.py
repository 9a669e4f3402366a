"""Where a series stands that was measured until its median is known, by the estimator that ended it."""

from functools import lru_cache

import numpy as np

from harness.text import count
from runner.contract import Result
from runner.contract.certainty import FEWEST
from runner.contract.goals import goal_of
from runner.contract.pilot import Goal, Standing, first_look
from runner.contract.statistics import times_ms
from runner.contract.tails import replay_whole

#: How the sentences on a series begin that is not known as well as was asked for.
IMPRECISE, INSUFFICIENT, UNSTEADY = "imprecise: ", "insufficient: ", "no steady state: "

#: How the sentence begins on an interval that is over pictures.
CONTENT = "the interval includes content: "

AGAIN = "measure again when nothing else runs"


def standing_of(result: Result) -> Standing | None:
    """Return where the series of a result stood as it ended, None where counts ended it or nothing was measured."""
    goal = _goal(result)
    if result.latency is None or goal is None:
        return None
    samples = result.latency.samples
    return _replayed(np.asarray(times_ms(samples), dtype=float).tobytes(), tuple(samples.image), goal)


def _goal(result: Result) -> Goal | None:
    if result.latency is None or result.latency.warmup is None:
        return None
    try:
        return goal_of(result.job)
    except ValueError:  # of a protocol that another harness has
        return None


@lru_cache(maxsize=64)
def _replayed(times: bytes, pictures: tuple[str, ...], goal: Goal) -> Standing:
    """A result is asked about more than once: for its figure, its verdict and its remarks."""
    return replay_whole(np.frombuffer(times), pictures, goal)


def content_of(result: Result, standing: Standing | None) -> list[str] | None:
    """Say where the interval of a series includes which pictures they were; None where counts ended it."""
    if standing is None:
        return None
    if not standing.figure.content or standing.half_width is None:
        return []
    pictures = count(len(set(result.latency.samples.image)) if result.latency else 0, "picture")
    often = "were seen too seldom to tell their times from the noise, so it says how the figure moves with the choice"
    return [f"{CONTENT}{pictures} {often} of pictures, too"]


def shortfall(result: Result, standing: Standing | None) -> list[str] | None:
    """Say what keeps a series from being known as well as was asked for, and what would help.

    None where counts ended it, nothing to say where it is precise.
    """
    goal = _goal(result)
    if standing is None or goal is None or standing.verdict == "precise":
        return None if standing is None else []
    if standing.verdict == "no steady state":
        return [_unsteady(standing)]
    return [_insufficient(standing, goal) if standing.half_width is None else _imprecise(standing, goal)]


def _unsteady(standing: Standing) -> str:
    return (
        f"{UNSTEADY}in {standing.iterations} iterations the latency went on changing, so the figure depends on when it "
        f"was taken: {AGAIN}, on CPUs of its own (--cpus) or with fewer threads"
    )


def _insufficient(standing: Standing, goal: Goal) -> str:
    enough = standing.iterations >= goal.pilot
    worth = f"are worth {standing.figure.effective:.0f} independent ones" if enough else "are few"
    would_do = max(first_look(goal), standing.needed or 0)
    reason = f"until the cap {worth}, and of less than {FEWEST:.0f} no interval holds"
    return f"{INSUFFICIENT}{standing.iterations} iterations {reason}: about {would_do} would do"


def _imprecise(standing: Standing, goal: Goal) -> str:
    known = f"{IMPRECISE}known to {100 * (standing.half_width or 0):.1f} % instead of {100 * goal.precision:g} %"
    more = f"about {standing.needed} would do, or fewer when nothing else runs" if standing.needed else AGAIN
    return f"{known} after {standing.iterations} iterations, at the cap: {more}"
