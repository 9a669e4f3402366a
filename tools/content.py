"""Simulates latencies of known cost for each detection and pixel, and counts how often the intervals hold it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from harness.analysis.content import content_figures
from harness.paths import ROOT
from runner.contract import Latency, Samples

SOURCES = tuple(f"harness/analysis/{name}.py" for name in ("content", "design", "distributions", "huber", "pictured"))
TRIALS = 1000
#: In ms: a picture of nothing, each detection, each megapixel.
LEVEL, DETECTION, MEGAPIXEL = 40.0, 0.2, 30.0
#: The true cost of each variable with a line.
COSTS = {"detections": DETECTION, "megapixels": MEGAPIXEL}


@dataclass(frozen=True)
class Scenario:
    """Pictures in turn, and what else their times owe to, as shares of a time.

    `between` is how pictures differ in what nobody counts, normal, `noise` how samples do; `odd` of the pictures take
    half as long again, `late` of the samples twice as long, and neighbours in time correlate by `phi`. `goes_with` is
    how the pixels correlate with the detections. With `growing`, all of these grow with the time.
    """

    name: str
    pictures: int = 11
    turns: int = 20
    between: float = 0.03
    noise: float = 0.03
    odd: float = 0.0
    late: float = 0.0
    phi: float = 0.0
    goes_with: float = 0.0
    growing: bool = False


SCENARIOS = (
    Scenario("11 pictures, 20 times each"),
    Scenario("11 pictures, twice each", turns=2),
    Scenario("6 pictures, 20 times each", pictures=6),
    Scenario("44 pictures, 5 times each", pictures=44, turns=5),
    Scenario("11 pictures, alike but for what is counted", between=0.0),
    Scenario("11 pictures, neighbours in time correlated by 0.8", phi=0.8),
    Scenario("11 pictures, one sample in ten twice as long", late=0.1),
    Scenario("22 pictures, one in ten half as long again", pictures=22, odd=0.1),
    Scenario("22 pictures, pixels correlated with detections by 0.7", pictures=22, goes_with=0.7),
    Scenario("11 pictures, scatter in proportion to the time", growing=True),
)


class Held(NamedTuple):
    """How often each line's interval held its true cost, and how wide it was in the middle, as a share of that."""

    covered: dict[str, float]
    widths: dict[str, float]


def fingerprint() -> str:
    """Return what the simulation depends on, as the start of a hash over its sources."""
    paths = [ROOT / source for source in (*SOURCES, "tools/content.py")]
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def held(number: int, trials: int = TRIALS) -> Held:
    """Return how the intervals of a scenario held over seeded trials."""
    drawn = [content_figures([latency]).slopes for latency in _drawn(SCENARIOS[number], number, trials)]
    covered, widths = {}, {}
    for name, cost in COSTS.items():
        lines = [slopes[name] for slopes in drawn if name in slopes]  # few pictures may happen to go together
        covered[name] = float(np.mean([line.low <= cost <= line.high for line in lines]))
        widths[name] = float(np.median([line.high - line.low for line in lines])) / cost
    return Held(covered, widths)


def _drawn(scenario: Scenario, number: int, trials: int) -> Iterator[Latency]:
    draws = np.random.default_rng([2026, number])
    for _ in range(trials):
        yield _latency(scenario, draws)


def _latency(scenario: Scenario, draws: np.random.Generator) -> Latency:
    n, turns = scenario.pictures, scenario.turns
    common, own = draws.standard_normal((2, n))
    ranks = scenario.goes_with * common + (1 - scenario.goes_with**2) ** 0.5 * own
    detections = np.rint(15 * np.exp(common)).astype(int)
    widths = np.rint(500 * np.exp(0.4 * ranks)).astype(int)  # of pictures 1000 pixels high
    true = LEVEL + DETECTION * detections + MEGAPIXEL * widths / 1000
    more = true / true.mean() if scenario.growing else np.ones(n)
    between = scenario.between * more * draws.standard_normal(n) + 0.5 * (draws.random(n) < scenario.odd)
    noise = scenario.noise * np.tile(more, turns) * _correlated(draws, n * turns, scenario.phi)
    late = draws.random(n * turns) < scenario.late
    times = np.tile(true + true.mean() * between, turns) + true.mean() * (noise + late)
    return Latency(5.0, "count", n * turns, 0.0, [], _samples(np.maximum(times, 1.0), detections, widths, turns))


def _correlated(draws: np.random.Generator, length: int, phi: float) -> np.ndarray:
    """Return standard normal numbers of which neighbours correlate by phi."""
    steps = draws.standard_normal(length)
    series = np.empty(length)
    series[0] = steps[0]
    for i in range(1, length):
        series[i] = phi * series[i - 1] + (1 - phi**2) ** 0.5 * steps[i]
    return series


def _samples(times: np.ndarray, detections: np.ndarray, widths: np.ndarray, turns: int) -> Samples:
    n = len(times)
    return Samples(
        phase=["measured"] * n,
        start_ms=np.cumsum(times).tolist(),
        wall_ms=times.tolist(),
        device_ms=[None] * n,
        image=[f"{i}.jpg" for i in range(len(detections))] * turns,
        height=[1000] * n,
        width=np.tile(widths, turns).tolist(),
        detections=np.tile(detections, turns).tolist(),
    )
