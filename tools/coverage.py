"""How often the statistics of runner/contract hold what they say, by seeded simulation, independent of the clock."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from harness.catalogue import protocols
from harness.paths import ROOT
from runner.contract.certainty import sure_percentile
from runner.contract.goals import goal_under
from runner.contract.pilot import Standing, look, replay
from runner.contract.processes import enough_processes, over_processes

TRIALS = 2000
#: The trials of a line are drawn in parts, each with a seed of its own, that processes share out.
PART = 100
LENGTH = 6000
PICTURES = 11
#: After so many iterations the table says how wide intervals are, whatever was asked for.
TYPICAL = (120, 1000)
Series = Callable[[np.random.Generator], tuple[np.ndarray, float]]
SOURCES = ("changes", "certainty", "effective", "mix", "pilot", "processes", "steadiness")


def fingerprint() -> str:
    """Return what the simulation depends on, as the start of a hash over its sources."""
    paths = [ROOT / "runner" / "contract" / f"{name}.py" for name in SOURCES] + [ROOT / "tools" / "coverage.py"]
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


@dataclass(frozen=True)
class Scenario:
    """A kind of series, each drawn with its true figure; `step` is where its steady part begins, if that is asked."""

    name: str
    series: Series
    pictures: int = 1
    length: int = LENGTH
    step: int | None = None


def autoregressive(rng: np.random.Generator, n: int, phi: float) -> np.ndarray:
    """Return n values (n,) of mean 0 and deviation 1, each resembling the one before by phi."""
    noise = rng.normal(size=n) * math.sqrt(1 - phi * phi)
    noise[0] /= math.sqrt(1 - phi * phi)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise))


def skewed(phi: float) -> Series:
    """Return a series of median 105, deviation 3.0 and a long tail above."""
    return lambda rng: (_skewed(autoregressive(rng, LENGTH, phi)), 105.0)


def bursty(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """One sample of a hundred takes 40 times as long; the median is the quantile 0.5 / 0.99 of the rest."""
    times = _skewed(rng.normal(size=LENGTH))
    return times * np.where(rng.random(LENGTH) < 0.01, 40.0, 1.0), _skewed_quantile(0.5 / 0.99)


def bimodal(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """One sample of five takes half as long again."""
    times = _skewed(rng.normal(size=LENGTH))
    return times * np.where(rng.random(LENGTH) < 0.2, 1.5, 1.0), _skewed_quantile(0.5 / 0.8)


def trending(share: float, tail: bool = True) -> Series:
    """Return a series that grows by this share of its first level with each iteration; its noise has a tail or none."""

    def series(rng: np.random.Generator) -> tuple[np.ndarray, float]:
        noise = rng.normal(size=LENGTH)
        return (_skewed(noise) if tail else 100 + 3 * noise) * (1 + share * np.arange(LENGTH)), math.nan

    return series


def stepping(warmup: int) -> Series:
    """Return a series of deviation 2 whose first iterations take 3 deviations longer."""
    return lambda rng: (100 + 2 * rng.normal(size=LENGTH) + 6.0 * (np.arange(LENGTH) < warmup), 100.0)


def mixed(spread: float, noise: Sequence[float] = (0.04,), phi: float = 0.0) -> Series:
    """Return passes over 11 pictures whose own medians differ by a deviation of `spread`.

    The deviation within each is the next of `noise`, again from the first after the last; neighbours resemble each
    other by phi, whatever their pictures.
    """

    def series(rng: np.random.Generator) -> tuple[np.ndarray, float]:
        levels = spread * rng.normal(size=PICTURES)
        places = np.arange(LENGTH) % PICTURES
        within = np.resize(noise, PICTURES)[places] * autoregressive(rng, LENGTH, phi)
        return np.exp(levels[places] + within), math.exp(levels.mean())

    return series


def content(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return pictures seen once each, which differ by a deviation of 10 %, with 3 % of noise and a few stalls."""
    times = np.exp(0.1 * rng.normal(size=LENGTH) + 0.03 * rng.normal(size=LENGTH))
    return times * np.where(rng.random(LENGTH) < 0.01, 40.0, 1.0), 1.0


def lasting(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return two modes that last: 40 iterations on average, then 10 that take half as long again."""
    lengths = rng.geometric(1 / np.tile([40, 10], LENGTH // 10))
    slow = np.repeat(np.tile([False, True], LENGTH // 10), lengths)[:LENGTH]
    return _skewed(rng.normal(size=LENGTH)) * np.where(slow, 1.5, 1.0), _skewed_quantile(0.5 / 0.8)


def _skewed(normal: np.ndarray) -> np.ndarray:
    return np.asarray(100 + 5 * np.exp(0.5 * normal))


def _skewed_quantile(share: float) -> float:
    return float(_skewed(np.array(norm.ppf(share))))


SCENARIOS = [
    Scenario("independent, skewed", skewed(0.0)),
    Scenario("φ 0.5, skewed", skewed(0.5)),
    Scenario("φ 0.9, skewed", skewed(0.9)),
    Scenario("bursty: 1 % of samples by 40", bursty),
    Scenario("bimodal: 20 % of samples by 1.5", bimodal),
    Scenario("modes that last: 40 iterations, then 10 by 1.5", lasting),
    Scenario("11 equal pictures", mixed(0.0), PICTURES),
    Scenario("11 pictures that differ by 3 %", mixed(0.03), PICTURES),
    Scenario("11 pictures that differ by 15 %", mixed(0.15), PICTURES),
    Scenario("11 pictures that differ by 50 %", mixed(0.5), PICTURES),
    Scenario("11 pictures by 15 %, noise of 2 to 8 %", mixed(0.15, (0.02, 0.04, 0.08)), PICTURES),
    Scenario("11 pictures by 15 %, φ 0.9", mixed(0.15, phi=0.9), PICTURES),
    Scenario("each picture seen once, by 10 %, 1 % by 40", content, LENGTH),
    Scenario("trending by 0.05 % an iteration", trending(0.0005), length=600),
    Scenario("trending by 0.02 % an iteration", trending(0.0002), length=600),
    Scenario("trending by 0.02 %, of normal noise", trending(0.0002, tail=False), length=600),
    Scenario("8 iterations slower by 3 deviations", stepping(8), step=8),
    Scenario("20 iterations slower by 3 deviations", stepping(20), step=20),
    Scenario("60 iterations slower by 3 deviations", stepping(60), step=60),
]


@dataclass(frozen=True)
class Trial:
    """One series: how it ended, its true figure, and its half width after so many iterations, by these.

    The first part alone has widths: their median takes fewer trials than a share does.
    """

    end: Standing
    true: float
    widths: dict[int, float | None]


@dataclass(frozen=True)
class Row:
    """What came out of a scenario: shares, and the median and the 95th percentile of iterations.

    The shares are of trials with a verdict, of these that hold the true figure, and of trials that found where the
    steady part begins within 5 iterations or 5 %. `widths` are the median half widths as shares of the figure, by
    iterations; None where most trials have none.
    """

    name: str
    verdicts: float
    covered: float | None
    begins: float | None
    iterations: tuple[int, int]
    widths: dict[int, float | None]


def drawn(number: int, part: int, trials: int = PART) -> list[Trial]:
    """Return trials of the scenario of this number; each part has others."""
    scenario = SCENARIOS[number]
    goal = goal_under(protocols()["standard-1"], scenario.length)
    if goal is None:
        raise ValueError("standard-1 has no stopping rule to simulate")
    rng = np.random.default_rng([20, number, part])
    pictures = [f"{i % scenario.pictures}" for i in range(scenario.length)]
    typical = [n for n in TYPICAL if n <= scenario.length and part == 0]
    seen = []
    for times, true in (scenario.series(rng) for _ in range(trials)):
        widths = {n: look(times[:n], pictures[:n], goal, last=True).half_width for n in typical}
        seen.append(Trial(replay(times[: scenario.length], pictures, goal), true, widths))
    return seen


def row_of(number: int, trials: list[Trial]) -> Row:
    """Return what comes out of the trials of the scenario of this number."""
    scenario = SCENARIOS[number]
    sure = [trial for trial in trials if trial.end.verdict in ("precise", "imprecise")]
    counts = [trial.end.iterations for trial in trials]
    known = bool(sure) and not math.isnan(sure[0].true)
    return Row(
        scenario.name,
        len(sure) / len(trials),
        sum(_holds(trial.end, trial.true) for trial in sure) / len(sure) if known else None,
        None if scenario.step is None else sum(_found(trial.end, scenario.step) for trial in trials) / len(trials),
        (int(np.median(counts)), int(np.percentile(counts, 95))),
        {n: _median([trial.widths[n] for trial in trials if n in trial.widths]) for n in TYPICAL},
    )


def _median(widths: list[float | None]) -> float | None:
    known = [width for width in widths if width is not None]
    return float(np.median(known)) if 2 * len(known) > len(widths) else None


def _holds(end: Standing, true: float) -> bool:
    return abs(end.figure.value - true) <= (end.half_width or 0.0) * end.figure.value


def _found(end: Standing, step: int) -> bool:
    return abs(end.steadiness.begin - step) <= max(5, 0.05 * end.iterations)


def processes(deviation: float, most: int, early: bool, trials: int = TRIALS) -> tuple[float, float]:
    """Return the coverage of the interval over processes, and how many there were on average.

    Their medians differ by this deviation, and each is known to 0.5 %. `early` ends them at a precision of 3 %.
    """
    rng = np.random.default_rng(21)
    held = used = 0
    for _ in range(trials):
        medians = np.exp(deviation * rng.normal(size=most) + 0.005 * rng.normal(size=most)).tolist()
        number = next((n for n in range(3, most) if early and enough_processes(medians[:n], 0.03, most)), most)
        over = over_processes(medians[:number], most)
        held += over.factor is not None and 1 / over.factor <= over.figure <= over.factor
        used += number
    return held / trials, used / trials


def percentiles(n: int, phi: float, trials: int = TRIALS) -> tuple[float, float]:
    """Return how often p99 of n samples has bounds, and how often these hold the true one."""
    rng = np.random.default_rng(22)
    true = _skewed_quantile(0.99)
    sure = [sure_percentile(_skewed(autoregressive(rng, n, phi)), 99.0) for _ in range(trials)]
    bounded = [one for one in sure if one.low is not None and one.high is not None]
    held = sum((one.low or 0.0) <= true <= (one.high or 0.0) for one in bounded)
    return len(bounded) / trials, held / len(bounded) if bounded else math.nan
