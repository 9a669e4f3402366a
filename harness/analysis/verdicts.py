"""What a ratio and its interval say of a repetition: that a figure, or a relation, is the published one, or not."""

from typing import Literal

#: On one machine and software, processes differ by a few percent: by clocks, temperature and what else the host does.
SAME_MACHINE = 0.05
#: Other hardware has another ratio of compute to bandwidth to overhead, which moves models against each other by some
#: tens of percent. Beyond this factor, either way, the relations between models are not the published ones.
OTHER_MACHINE = 1.25

Verdict = Literal["reproduced", "not reproduced", "carries over", "differs", "can't tell", "not comparable"]


def verdict_on(ratio: float, ends: tuple[float, float] | None, *, exact: bool) -> Verdict:
    """Return the verdict on a ratio whose 95 % interval has these ends, as shares of it; None where it is not known.

    Where it is `exact` the figures themselves have to be the published ones, else their relations.
    """
    low, high = (1 - SAME_MACHINE, 1 + SAME_MACHINE) if exact else (1 / OTHER_MACHINE, OTHER_MACHINE)
    inside = None if ends is None else _lies(ratio * ends[0], ratio * ends[1], low, high)
    if inside is None:
        return "can't tell"
    if exact:
        return "reproduced" if inside else "not reproduced"
    return "carries over" if inside else "differs"


def _lies(from_: float, to: float, low: float, high: float) -> bool | None:
    """Tell whether an interval lies from low to high, None where it has one of them in it."""
    if low <= from_ and to <= high:
        return True
    return False if from_ > high or to < low else None
