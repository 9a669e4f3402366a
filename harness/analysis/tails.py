"""A percentile that was asked for: of one process, and over several."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple, TypeVar

import numpy as np

from runner.contract import Protocol, Result
from runner.contract.certainty import sure_percentile
from runner.contract.pilot import Standing
from runner.contract.processes import over_processes
from runner.contract.statistics import measured_ms

N = TypeVar("N", int, float)


class Tail(NamedTuple):
    """A percentile and its 95 % interval, in ms.

    The ends are None where there is no such interval: `needed` is how many iterations like these would give it one,
    None where there is no steady state.
    """

    percent: float
    ms: float
    low_ms: float | None
    high_ms: float | None
    needed: int | None

    @property
    def name(self) -> str:
        """What it is called, such as p99."""
        return f"p{self.percent:g}"

    @property
    def reason(self) -> str | None:
        """Why it has no bounds, None where it has."""
        if self.low_ms is not None:
            return None
        return "no steady state" if self.needed is None else f"insufficient: about {self.needed} iterations"

    @property
    def text(self) -> str:
        """The figure with its bounds in ms, or why it has none."""
        return self.reason or f"{self.ms:.2f}, {self.low_ms:.2f} to {self.high_ms:.2f}"


def tail_of(result: Result, standing: Standing | None) -> Tail | None:
    """Return the percentile that was asked for of the measured samples, None where none was."""
    latency = result.latency
    if latency is None or latency.percentile is None:
        return None
    sure = sure_percentile(np.asarray(measured_ms(latency), dtype=float), latency.percentile)
    if standing and standing.verdict == "no steady state":
        return Tail(latency.percentile, sure.figure, None, None, None)
    return Tail(latency.percentile, sure.figure, sure.low, sure.high, sure.needed)


def over_repeats(tails: Sequence[Tail | None], protocol: Protocol) -> tuple[Tail, ...]:
    """Return each percentile that was asked for over the processes of a model, those that know it."""
    asked = [tail for tail in tails if tail]
    percents = sorted({tail.percent for tail in asked})
    return tuple(_over([tail for tail in asked if tail.percent == percent], protocol) for percent in percents)


def _over(tails: Sequence[Tail], protocol: Protocol) -> Tail:
    """Return the mean as that of the figure, and its interval: over processes, else what theirs span."""
    if len(tails) == 1:
        return tails[0]
    percent, figures, repeating = tails[0].percent, [tail.ms for tail in tails], protocol.repeating
    over = over_processes(figures, protocol.repeats)
    ms = over.figure if repeating else fmean(figures)
    short = [tail.needed for tail in tails if tail.low_ms is None]
    if short:
        return Tail(percent, ms, None, None, None if None in short else max(_known(short)))
    if repeating and over.factor and over.processes >= repeating.min_repeats:
        return Tail(percent, ms, ms / over.factor, ms * over.factor, None)
    lows, highs = _known(tail.low_ms for tail in tails), _known(tail.high_ms for tail in tails)
    return Tail(percent, ms, min(lows), max(highs), None)


def _known(values: Iterable[N | None]) -> list[N]:
    return [value for value in values if value is not None]
