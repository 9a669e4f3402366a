"""How many times as long B takes as A, over fresh processes: the interval, the verdict, and what would settle it.

All is done in log figures, one a process: the process is the unit, since processes differ by more than iterations do
(runner/contract/processes.py). A margin m means ratios from 1 / (1 + m) to 1 + m, the same either way round.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.analysis.distributions import student_cdf, student_quantile

#: Log figures, one a process: (n,).
Logs = Sequence[float] | np.ndarray
Verdict = Literal["equivalent", "faster", "slower", "ambiguous"]
#: How often a verdict of several models may be wrong, and an interval miss.
ERROR = 0.05
#: Whoever needs more repeats a side than that is told so, without a number.
MOST_REPEATS = 1000


@dataclass(frozen=True)
class Ratio:
    """B's figure over A's, below 1 where B is faster; `low` and `high` end the 95 % interval, `narrow_*` the 90 % one.

    `standard_error` is that of the ratio's logarithm, `degrees` Student's. `processes` counts A's and B's; `paired`
    says that those of one round were compared with each other.
    """

    value: float
    low: float
    high: float
    narrow_low: float
    narrow_high: float
    degrees: float
    standard_error: float
    paired: bool
    processes: tuple[int, int]


def paired(a: Logs, b: Logs) -> Ratio:
    """Return the ratio of processes that ran by turns: log figures (n,) of A and of B, in one order of rounds.

    What a round has in common, such as a drift of the machine, cancels out. ValueError below two rounds.
    """
    if len(a) != len(b):
        raise ValueError(f"rounds pair A's figures with B's, but there are {len(a)} and {len(b)}")
    differences = _checked(b) - _checked(a)
    n = len(differences)
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    return _ratio(float(differences.mean()), error, n - 1, True, (n, n))


def unpaired(a: Logs, b: Logs) -> Ratio:
    """Return the ratio of processes with no rounds in common: log figures of A and of B, by Welch's t.

    A drift between A and B can't be told from a difference. ValueError below two processes a side.
    """
    sides = [_checked(a), _checked(b)]
    parts = [float(side.var(ddof=1)) / len(side) for side in sides]
    fewest = min(len(side) for side in sides) - 1
    weight = sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
    degrees = sum(parts) ** 2 / weight if weight > 0 else fewest
    return _ratio(float(sides[1].mean() - sides[0].mean()), math.sqrt(sum(parts)), degrees, False, (len(a), len(b)))


def by_round(a: Mapping[int, float], b: Mapping[int, float]) -> Ratio:
    """Return the paired ratio over the rounds that both have; log figures by round. ValueError below two of them."""
    rounds = sorted(a.keys() & b.keys())
    return paired([a[one] for one in rounds], [b[one] for one in rounds])


def overall(ratios: Sequence[Ratio]) -> Ratio:
    """Return the geometric mean over models, each counting the same, whose processes are independent of each other's.

    It is of these models: its interval does not say how others would do. `processes` are the fewest of any model.
    """
    if not ratios:
        raise ValueError("a mean over models needs one")
    mean = sum(math.log(one.value) for one in ratios) / len(ratios)
    squares = [one.standard_error**2 for one in ratios]
    weight = sum(square**2 / one.degrees for square, one in zip(squares, ratios, strict=True))
    degrees = sum(squares) ** 2 / weight if weight > 0 else min(one.degrees for one in ratios)
    fewest = (min(one.processes[0] for one in ratios), min(one.processes[1] for one in ratios))
    paired = all(one.paired for one in ratios)
    return _ratio(mean, math.sqrt(sum(squares)) / len(ratios), degrees, paired, fewest)


def verdict(ratio: Ratio, margin: float) -> Verdict:
    """Return what can be said of B: `equivalent` where the 90 % interval lies within the margin.

    Faster or slower where the 95 % interval excludes 1 and B is not shown to be equivalent; else `ambiguous`.
    """
    limit = _limit(margin)
    if -limit < math.log(ratio.narrow_low) and math.log(ratio.narrow_high) < limit:
        return "equivalent"
    return "slower" if ratio.low > 1 else "faster" if ratio.high < 1 else "ambiguous"


def verdicts(ratios: Sequence[Ratio], margin: float) -> list[Verdict]:
    """Return the verdict on each of several models, such that with 95 % none of them claims too much.

    Holm's correction is made of the claims that they are equivalent and of those that they differ, each for itself; of
    a single model they are `verdict`.
    """
    same = holm([p_equivalent(one, margin) for one in ratios])
    other = holm([p_different(one) for one in ratios])
    return [_claimed(*three) for three in zip(ratios, same, other, strict=True)]


def _claimed(ratio: Ratio, same: float, other: float) -> Verdict:
    if same < ERROR:
        return "equivalent"
    if other >= ERROR:
        return "ambiguous"
    return "slower" if ratio.value > 1 else "faster"


def more_repeats(ratio: Ratio, margin: float) -> int | None:
    """Return how many further repeats a side settle it at the variance seen, whatever the ratio turns out to be.

    With so many, an interval that encloses 1 lies within the margin. 0 where nothing is ambiguous, None where a
    thousand would not do, as with a margin of nothing.
    """
    if verdict(ratio, margin) != "ambiguous":
        return 0
    return next((more for more in range(1, MOST_REPEATS + 1) if _settles(ratio, margin, more)), None)


def _settles(ratio: Ratio, margin: float, more: int) -> bool:
    error, degrees = _with_more(ratio, more)
    return (_point(degrees, ERROR) + _point(degrees, 2 * ERROR)) * error < _limit(margin)


def _with_more(ratio: Ratio, more: int) -> tuple[float, float]:
    """Return the standard error and the degrees of freedom that so many further processes a side would give."""
    now, then = sum(1 / n for n in ratio.processes), sum(1 / (n + more) for n in ratio.processes)
    units, further = sum(ratio.processes) - 2, 2 * more
    return ratio.standard_error * math.sqrt(then / now), ratio.degrees * (units + further) / units


def p_value(ratio: Ratio, margin: float) -> float:
    """Return the chance of such a ratio or a higher one if B were slower by the margin and no more; one-sided."""
    return _above(ratio, math.log(ratio.value) - _limit(margin))


def p_different(ratio: Ratio) -> float:
    """Return the chance of a ratio as far from 1 or farther if there were no difference."""
    return min(1.0, 2 * _above(ratio, abs(math.log(ratio.value))))


def p_equivalent(ratio: Ratio, margin: float) -> float:
    """Return the larger chance of a ratio so far within the margin if it were at either end (two one-sided tests)."""
    return _above(ratio, _limit(margin) - abs(math.log(ratio.value)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for there being several, in the same order (Holm, 1979)."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def _above(ratio: Ratio, distance: float) -> float:
    """Return the chance that Student's t exceeds the distance, in logs; of no variance, whether zero does."""
    if ratio.standard_error == 0:
        return 0.0 if distance > 0 else 1.0
    return student_cdf(ratio.degrees, -distance / ratio.standard_error)


def _ratio(log: float, error: float, degrees: float, paired: bool, processes: tuple[int, int]) -> Ratio:
    wide, narrow = _point(degrees, ERROR) * error, _point(degrees, 2 * ERROR) * error
    return Ratio(
        value=math.exp(log),
        low=math.exp(log - wide),
        high=math.exp(log + wide),
        narrow_low=math.exp(log - narrow),
        narrow_high=math.exp(log + narrow),
        degrees=degrees,
        standard_error=error,
        paired=paired,
        processes=processes,
    )


def _point(degrees: float, error: float) -> float:
    """Return the point that Student's t exceeds on either side with this error in all."""
    return student_quantile(degrees, 1 - error / 2)


def _limit(margin: float) -> float:
    if not 0 <= margin < math.inf:
        raise ValueError(f"a margin is a share of at least 0, not {margin}")
    return math.log1p(margin)


def _checked(logs: Logs) -> np.ndarray:
    values = np.asarray(logs, dtype=float)
    if len(values) < 2:
        raise ValueError(f"an interval over processes needs two a side, not {len(values)}")
    if not np.isfinite(values).all():
        raise ValueError("a figure of a process is not a number")
    return values
