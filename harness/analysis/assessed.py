"""The figures of one latency and how sure they are, all that tables, pages and the tidy table take from its samples."""

from dataclasses import dataclass
from statistics import fmean

import numpy as np

from harness.analysis.doubt import Doubt, doubt_of, without_doubt
from harness.analysis.standing import standing_of
from harness.analysis.tails import Tail, tail_of
from harness.analysis.uncertainty import Interval, latency_intervals
from harness.analysis.visits import Visits
from harness.analysis.work import UNKNOWN, Worked, worked
from runner.contract import Latency, Result
from runner.contract.certainty import SurePercentile, sure_percentile
from runner.contract.pilot import Standing
from runner.contract.statistics import Summary, measured_ms, summarise


@dataclass(frozen=True)
class Assessed:
    """A summary of the measured samples and the 95 % intervals of its mean and median, None where not known.

    `standing` says how the estimator came to the median's, where it ended the measuring, and p99 is then the
    percentile with its bounds. `tail` is the percentile that was asked for, if any. `cpu_ms` is the process's CPU time
    in a call, on average. `sure` is the summary without the samples in doubt, None where none is left. `work` is what
    the model is made of and computes.
    """

    summary: Summary
    intervals: dict[str, Interval | None]
    standing: Standing | None
    p99: SurePercentile | None
    cpu_ms: float | None
    doubt: Doubt | None
    sure: Summary | None
    tail: Tail | None = None
    work: Worked = UNKNOWN

    @property
    def effective(self) -> float | None:
        """How many independent samples the steady part is worth, where the estimator counted them."""
        return self.standing.figure.effective if self.standing else None

    @property
    def p99_ms(self) -> float | None:
        """The percentile, None where the samples are too few for one."""
        if self.p99:
            return None if self.p99.needed else self.p99.figure
        return self.summary.p99_ms


def assessed(result: Result, visits: Visits | None = None) -> Assessed | None:
    """Return the figures of a result, None where no latency was measured.

    `visits` are those of its samples, where they are had already.
    """
    latency = result.latency
    if latency is None:
        return None
    summary, standing, doubt = summarise(latency), standing_of(result), doubt_of(result, visits)
    intervals = latency_intervals(latency)
    if standing:
        intervals["median"] = _around(summary.median_ms, standing.half_width)
    kept = without_doubt(latency, doubt) if doubt and doubt.count else None
    sure = summarise(kept) if kept else summary if doubt and not doubt.count else None
    p99 = sure_percentile(np.asarray(measured_ms(latency), dtype=float), 99.0) if standing else None
    tail = tail_of(result, standing)
    return Assessed(summary, intervals, standing, p99, _cpu_ms(latency), doubt, sure, tail, worked(latency.work))


def _around(ms: float, half_width: float | None) -> Interval | None:
    return None if half_width is None else Interval(ms * (1 - half_width), ms * (1 + half_width))


def _cpu_ms(latency: Latency) -> float | None:
    samples = latency.samples
    if samples.process_cpu_ms is None:
        return None
    used = zip(samples.process_cpu_ms, samples.phase, strict=True)
    return fmean(ms for ms, phase in used if phase == "measured")
