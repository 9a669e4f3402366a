"""How often the verdicts on two sets of processes hold what they say, by seeded simulation."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from scipy.stats import t

from harness.analysis.ratio import Ratio, more_repeats, paired, unpaired, verdict
from harness.paths import ROOT

TRIALS = 2000
MARGIN = 0.03
#: The logarithm of the slowest ratio that still is equivalent.
LIMIT = math.log1p(MARGIN)
#: How much slower the machine grows from the first process to the last, where it drifts.
DRIFT = 0.03
SOURCES = (
    "harness/analysis/distributions.py",
    "harness/analysis/ratio.py",
    "tools/comparisons.py",
    "tools/write_comparisons.py",
)


def fingerprint() -> str:
    """Return what the simulation depends on, as the start of a hash over its sources."""
    return sha256(b"".join((ROOT / source).read_bytes() for source in SOURCES)).hexdigest()[:16]


@dataclass(frozen=True)
class Design:
    """How A and B are measured: so many processes a side, which differ by a deviation of their logarithms.

    Paired, each round has one of either in random order; else all of A come before all of B, as two runs do.
    """

    deviation: float
    drifts: bool
    paired: bool
    repeats: int

    @property
    def compared(self) -> Callable[[np.ndarray, np.ndarray], Ratio]:
        """What compares the two sides."""
        return paired if self.paired else unpaired

    def drawn(self, effect: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return log figures of A and of B, which is slower by the effect."""
        a, b = self.deviation * rng.normal(size=(2, self.repeats))
        if self.drifts:
            first, second = self._places(rng) * DRIFT / (2 * self.repeats - 1)
            a, b = a + first, b + second
        return a, b + effect

    def _places(self, rng: np.random.Generator) -> np.ndarray:
        """Return when each process of A and of B is run, counted from 0, (2, repeats)."""
        if not self.paired:
            return np.arange(2 * self.repeats).reshape(2, self.repeats)
        order = rng.permuted(np.tile([[0], [1]], self.repeats), axis=0)
        return np.asarray(order + 2 * np.arange(self.repeats))


DESIGNS = [
    Design(deviation, drifts, by_round, repeats)
    for by_round in (True, False)
    for drifts in (False, True)
    for deviation in (0.01, 0.03)
    for repeats in (3, 5, 10)
]


@dataclass(frozen=True)
class Row:
    """What came out of a design, as shares of trials.

    Without a difference: `alarms`, the 95 % interval excludes 1. With one of the margin: `found`, it does and B is
    slower; `reversed`, B is called faster. With twice that: `missed`, B is called equivalent. With half of it, of the
    trials that are ambiguous, None where they are too few: `foretold`, the repeats that are asked for in all are
    within a factor of two of those needed; `settled`, so many have another verdict.
    """

    design: Design
    alarms: float
    found: float
    reversed: float
    missed: float
    foretold: float | None
    settled: float | None


#: Of fewer ambiguous trials a share says nothing.
FEWEST = 100


def simulated(number: int, trials: int = TRIALS) -> Row:
    """Return what comes out of the design of this number."""
    design, rng = DESIGNS[number], np.random.default_rng([31, number])
    none, margin, twice = (list(_ratios(design, effect, trials, rng)) for effect in (0.0, LIMIT, 2 * LIMIT))
    asked = _asked(design, trials, rng)
    enough = len(asked) >= FEWEST
    needed = _needed(design)
    return Row(
        design,
        alarms=sum(not one.low <= 1 <= one.high for one in none) / trials,
        found=sum(one.low > 1 for one in margin) / trials,
        reversed=sum(verdict(one, MARGIN) == "faster" for one in margin) / trials,
        missed=sum(verdict(one, MARGIN) == "equivalent" for one in twice) / trials,
        foretold=sum(needed / 2 <= all_of_them <= 2 * needed for all_of_them in asked) / len(asked) if enough else None,
        settled=sum(_settles(design, int(n), rng) for n in asked) / len(asked) if enough else None,
    )


def _ratios(design: Design, effect: float, trials: int, rng: np.random.Generator) -> Iterator[Ratio]:
    for _ in range(trials):
        yield design.compared(*design.drawn(effect, rng))


def _asked(design: Design, trials: int, rng: np.random.Generator) -> list[float]:
    """Return how many repeats a side, in all, each ambiguous trial asks for; infinite where no number would do."""
    asked = []
    for ratio in _ratios(design, LIMIT / 2, trials, rng):
        if verdict(ratio, MARGIN) == "ambiguous":
            more = more_repeats(ratio, MARGIN)
            asked.append(math.inf if more is None else float(design.repeats + more))
    return asked


def _needed(design: Design) -> int:
    """Return how many repeats a side settle it where the deviation is the true one, whatever the ratio turns out."""
    enough = (n for n in range(2, 1001) if _settled_for_sure(replace(design, repeats=n)))
    return next(enough)


def _settled_for_sure(design: Design) -> bool:
    error = design.deviation * math.sqrt(2 / design.repeats)
    degrees = (design.repeats - 1) * (1 if design.paired else 2)
    return _half_width(error, degrees, 0.05) + _half_width(error, degrees, 0.10) < LIMIT


def _half_width(error: float, degrees: float, misses: float) -> float:

    return float(t.isf(misses / 2, degrees)) * error


def _settles(design: Design, repeats: int, rng: np.random.Generator) -> bool:
    """Tell whether a comparison of so many repeats, drawn anew, has another verdict than ambiguous."""
    whole = replace(design, repeats=repeats)
    return verdict(whole.compared(*whole.drawn(LIMIT / 2, rng)), MARGIN) != "ambiguous"
