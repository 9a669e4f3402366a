"""Environments compared: how many times as long as in the first one a model takes in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from harness.analysis.series import Series
from harness.analysis.timings import Timing


@dataclass(frozen=True)
class Multiple:
    """A model's latency in another series over that in the reference.

    low and high divide the far ends of both 95 % intervals, so they are wider than a 95 % interval; None where one of
    them has none. `is_sure` is whether one of both is faster beyond doubt (Timing.is_surely_faster_than).
    """

    timing: Timing
    ratio: float
    low: float | None
    high: float | None
    is_sure: bool


@dataclass(frozen=True)
class Multiples:
    """Series that differ in their environment alone. `reference` is the first pinned one, else the first."""

    reference: Timing
    ratios: list[Multiple]

    @property
    def means(self) -> dict[str, float]:
        """The geometric mean of each other series' ratios, by its label (Fleming and Wallace, CACM 29(3), 1986)."""
        by_label: dict[str, list[float]] = {}
        for each in self.ratios:
            by_label.setdefault(each.timing.label, []).append(each.ratio)
        return {label: geometric_mean(ratios) for label, ratios in by_label.items()}

    @property
    def where(self) -> str:
        """What all of its series share."""
        return where(self.reference.series)


def comparisons(timings: Sequence[Timing]) -> list[Multiples]:
    """Return a comparison for each hardware, protocol and kind of weights that several environments were timed with."""
    compared = [_compare(group) for group in environments(timings)]
    return [comparison for comparison in compared if comparison.ratios]


def environments(timings: Sequence[Timing]) -> list[list[Timing]]:
    """Return the timings by what their series share beside the environment: hardware, protocol, weights, knobs."""
    groups: dict[Series, list[Timing]] = {}
    for timing in timings:
        groups.setdefault(timing.series.without_stack, []).append(timing)
    return list(groups.values())


def where(series: Series) -> str:
    """Return what series of several environments share, in words."""
    return f"{series.hardware}, {series.protocol}, {series.weights} weights"


def _compare(timings: list[Timing]) -> Multiples:
    first = next((timing for timing in timings if timing.series.pinned), timings[0])
    reference = {timing.model.builder: timing for timing in timings if timing.series == first.series}
    others = [t for t in timings if t.series != first.series and t.model.builder in reference]
    return Multiples(first, [_ratio(timing, reference[timing.model.builder]) for timing in others])


def _ratio(timing: Timing, to: Timing) -> Multiple:
    low, high = _over(timing.low_ms, to.high_ms), _over(timing.high_ms, to.low_ms)
    is_sure = timing.is_surely_faster_than(to) or to.is_surely_faster_than(timing)
    return Multiple(timing, timing.ms / to.ms, low, high, is_sure)


def _over(ms: float | None, to_ms: float | None) -> float | None:
    # the interval of a mean over very few samples may reach below zero
    return ms / to_ms if ms is not None and to_ms is not None and min(ms, to_ms) > 0 else None
