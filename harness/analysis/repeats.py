"""One figure over the repeats of a model: each is a fresh process, and processes differ by more than iterations do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from harness.analysis import tails, work
from harness.analysis.tails import Tail
from harness.analysis.timed import TimedFigures
from harness.analysis.work import UNKNOWN, Worked
from runner.contract import Protocol, Repeating
from runner.contract.processes import over_processes


@dataclass(frozen=True)
class OverRepeats:
    """A model's latency over its processes, whose figures are averaged.

    ms is of what the protocol reports; low_ms and high_ms span the processes' 95 % intervals, None where one of them
    has too few samples for one, as p99_ms is. Where `between` holds they are the interval over processes instead.
    iterations are the least and the most that a process measured. `effective` is the fewest independent samples of a
    process and cpu_ms the CPU time of a call, None where one of them does not tell. `tails` are the percentiles that
    were asked for, `work` is what the model is made of and computes.
    """

    ms: float
    low_ms: float | None
    high_ms: float | None
    p99_ms: float | None
    images_per_second: float
    detections: float
    processes: int
    iterations: tuple[int, int]
    effective: float | None
    cpu_ms: float | None
    between: bool
    tails: tuple[Tail, ...] = ()
    work: Worked = UNKNOWN

    @property
    def spread_percent(self) -> float | None:
        """Half of what the intervals span, in % of ms; None where that is not known."""
        if self.low_ms is None or self.high_ms is None:
            return None
        return 100 * (self.high_ms - self.low_ms) / 2 / self.ms


def over_repeats(repeats: Sequence[TimedFigures], protocol: Protocol) -> OverRepeats:
    """Return the figure over the processes of a model, at least one.

    It is their mean; where the protocol says so the geometric one, whose interval is Student's t over processes once
    there are as many as have to be before repeats end early.
    """
    lows, highs, p99s = (
        [value for value in values if value is not None]
        for values in zip(*((each.low_ms, each.high_ms, each.p99_ms) for each in repeats), strict=True)
    )
    effective, cpu_ms = ([getattr(each, name) for each in repeats] for name in ("effective", "cpu_ms"))
    whole, iterations = len(lows) == len(repeats), [each.iterations for each in repeats]
    plain = OverRepeats(
        ms=fmean(each.ms for each in repeats),
        low_ms=min(lows) if whole else None,
        high_ms=max(highs) if whole else None,
        p99_ms=fmean(p99s) if len(p99s) == len(repeats) else None,
        images_per_second=fmean(each.images_per_second for each in repeats),
        detections=fmean(each.detections for each in repeats),
        processes=len(repeats),
        iterations=(min(iterations), max(iterations)),
        effective=None if None in effective else min(effective),
        cpu_ms=None if None in cpu_ms else fmean(cpu_ms),
        between=False,
        tails=tails.over_repeats([each.tail for each in repeats], protocol),
        work=work.over_repeats([each.work for each in repeats]),
    )
    if protocol.repeating is None:
        return plain
    return _over_processes(plain, [each.ms for each in repeats], protocol.repeating, planned=protocol.repeats)


def _over_processes(plain: OverRepeats, figures: Sequence[float], repeating: Repeating, planned: int) -> OverRepeats:
    over = over_processes(figures, planned)
    figure = replace(plain, ms=over.figure)
    if over.factor is None or over.processes < repeating.min_repeats:
        return figure
    return replace(figure, low_ms=over.figure / over.factor, high_ms=over.figure * over.factor, between=True)
