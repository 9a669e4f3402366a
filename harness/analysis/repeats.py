"""One figure over the repeats of a model: each is a fresh process, and processes differ by more than iterations do."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.analysis.timed import TimedFigures


@dataclass(frozen=True)
class OverRepeats:
    """A model's latency over its processes, whose figures are averaged.

    ms is of what the protocol reports; low_ms and high_ms span the processes' 95 % intervals, None where one of them
    has too few samples for one, as p99_ms is. iterations are the least and the most that a process measured.
    """

    ms: float
    low_ms: float | None
    high_ms: float | None
    p99_ms: float | None
    images_per_second: float
    detections: float
    processes: int
    iterations: tuple[int, int]

    @property
    def spread_percent(self) -> float | None:
        """Half of what the intervals span, in % of ms; None where that is not known."""
        if self.low_ms is None or self.high_ms is None:
            return None
        return 100 * (self.high_ms - self.low_ms) / 2 / self.ms


def over_repeats(repeats: Sequence[TimedFigures]) -> OverRepeats:
    """Return the figure over the processes of a model, at least one."""
    lows, highs, p99s = (
        [value for value in values if value is not None]
        for values in zip(*((each.low_ms, each.high_ms, each.p99_ms) for each in repeats), strict=True)
    )
    whole, iterations = len(lows) == len(repeats), [each.iterations for each in repeats]
    return OverRepeats(
        ms=fmean(each.ms for each in repeats),
        low_ms=min(lows) if whole else None,
        high_ms=max(highs) if whole else None,
        p99_ms=fmean(p99s) if len(p99s) == len(repeats) else None,
        images_per_second=fmean(each.images_per_second for each in repeats),
        detections=fmean(each.detections for each in repeats),
        processes=len(repeats),
        iterations=(min(iterations), max(iterations)),
    )
