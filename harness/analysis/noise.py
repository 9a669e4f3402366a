"""What processes that measured one thing say of the noise between them, and what a comparison could tell in it."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice, product

import numpy as np

from harness.analysis.distributions import chi_square_exceeded, noncentrality, student_quantile
from harness.analysis.ratio import ERROR, Ratio, paired, unpaired, verdict
from harness.documents.noise import Scatter
from runner.contract import Latency
from runner.contract.statistics import summarise, times_ms

MARGIN = 0.03
#: A difference counts as shown where so many of comparisons find it.
POWER = 0.9
#: Ways to call processes A and B that are looked at, at most; more tell nothing new.
MOST_SPLITS = 1000
MOST_REPEATS = 1000


def wall_logs(latencies: Sequence[Latency], statistic: str) -> np.ndarray:
    """Return the logarithm of each process's figure, as a table reports it: (processes,)."""
    return np.log([summarise(one).value(statistic) for one in latencies])


def cpu_logs(latencies: Sequence[Latency]) -> np.ndarray | None:
    """Return the logarithm of each process's median CPU time, None where one of them was not looked at, or had none."""
    medians = [np.median(_cpu_ms(one)) if one.samples.process_cpu_ms else 0.0 for one in latencies]
    return np.log(medians) if all(ms > 0 for ms in medians) else None


def scatter(logs: np.ndarray, samples: Sequence[np.ndarray]) -> Scatter:
    """Return how processes differ, whose figures have these logs (n,), in their order; and samples within each.

    That of neighbours is from the differences of one process from the next (von Neumann, 1941), which are worth
    2 (n - 1)² / (3 n - 4) degrees of freedom.
    """
    n = len(logs)
    neighbours = math.sqrt(float(np.mean(np.diff(logs) ** 2)) / 2)
    degrees = 2 * (n - 1) ** 2 / (3 * n - 4)
    at_most = neighbours * math.sqrt(degrees / chi_square_exceeded(degrees, 0.95))
    return Scatter(float(np.std(logs, ddof=1)), neighbours, at_most, _within(samples))


def wall_samples(latencies: Sequence[Latency]) -> list[np.ndarray]:
    """Return the measured samples of each process, in ms."""
    return [_measured(one, times_ms(one.samples)) for one in latencies]


def cpu_samples(latencies: Sequence[Latency]) -> list[np.ndarray]:
    """Return the CPU time of each process's measured iterations, in ms; each has to be known."""
    return [_cpu_ms(one) for one in latencies]


def _cpu_ms(latency: Latency) -> np.ndarray:
    return _measured(latency, latency.samples.process_cpu_ms or [])


def _measured(latency: Latency, times: Sequence[float]) -> np.ndarray:
    return np.asarray([ms for ms, phase in zip(times, latency.samples.phase, strict=True) if phase == "measured"])


def _within(samples: Sequence[np.ndarray]) -> float | None:
    """Return the deviation of samples about what their process and their place in it make of them.

    All processes are shown the same pictures in the same order, so the place is the picture. CPU time has a clock of
    its own, which may stand still over a short call: that call tells nothing.
    """
    fewest = min(map(len, samples))
    times = np.asarray([one[:fewest] for one in samples])
    logs = np.log(times[:, (times > 0).all(axis=0)])
    if logs.shape[1] < 2:
        return None
    rest = logs - logs.mean(axis=0) - logs.mean(axis=1, keepdims=True) + logs.mean()
    return math.sqrt(float((rest**2).sum()) / ((logs.shape[0] - 1) * (logs.shape[1] - 1)))


def smallest_shown(neighbours: float, repeats: int) -> float:
    """Return the smallest difference, as a share, that so many rounds find with 90 %: its interval excludes 1.

    By the noncentral t distribution of rounds whose processes deviate by `neighbours`.
    """
    point = student_quantile(repeats - 1, 1 - ERROR / 2)
    standard_errors = noncentrality(repeats - 1, 1 - POWER, point)
    return math.expm1(standard_errors * neighbours * math.sqrt(2 / repeats))


def repeats_for(neighbours: float, margin: float = MARGIN) -> int | None:
    """Return how many rounds show a difference of the margin, None where a thousand don't."""
    if smallest_shown(neighbours, MOST_REPEATS) > margin:
        return None
    few, enough = 1, MOST_REPEATS
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if smallest_shown(neighbours, middle) <= margin else (middle, enough)
    return enough


def false_alarms(logs: np.ndarray, margin: float = MARGIN) -> tuple[float, float]:
    """Return the share of false verdicts on processes of one thing called A and B: by turns, and in any two halves.

    All ways are looked at, or a thousand of them by chance.
    """
    return _alarms(_turns(logs), paired, margin), _alarms(_halves(logs), unpaired, margin)


Sides = tuple[np.ndarray, np.ndarray]


def _alarms(splits: Iterator[Sides], compared: Callable[[np.ndarray, np.ndarray], Ratio], margin: float) -> float:
    said = [verdict(compared(a, b), margin) for a, b in splits]
    return sum(one in ("faster", "slower") for one in said) / len(said)


def _turns(logs: np.ndarray) -> Iterator[Sides]:
    """Yield the ways to call one of each two neighbours A and the other B; a way and its mirror are one."""
    rounds = np.asarray(logs[: len(logs) // 2 * 2]).reshape(-1, 2)
    n = len(rounds)
    ways = product((0, 1), repeat=n - 1) if 2 ** (n - 1) <= MOST_SPLITS else _by_chance(n - 1)
    for way in ways:
        first = np.asarray((0, *way))
        yield rounds[np.arange(n), first], rounds[np.arange(n), 1 - first]


def _by_chance(n: int) -> Iterator[tuple[int, ...]]:
    rng = np.random.default_rng(32)
    for _ in range(MOST_SPLITS):
        yield tuple(rng.integers(0, 2, n).tolist())


def _halves(logs: np.ndarray) -> Iterator[Sides]:
    """Yield the ways to call half of the processes A and the rest B; of an odd number the last is left out."""
    n = len(logs) // 2 * 2
    all_of_them = math.comb(n - 1, n // 2) <= MOST_SPLITS
    ways = combinations(range(1, n), n // 2) if all_of_them else islice(_shuffled(n), MOST_SPLITS)
    for way in ways:
        chosen = np.zeros(n, bool)
        chosen[list(way)] = True
        yield logs[:n][~chosen], logs[:n][chosen]


def _shuffled(n: int) -> Iterator[tuple[int, ...]]:
    rng = np.random.default_rng(33)
    while True:
        yield tuple(rng.permutation(n)[: n // 2].tolist())
