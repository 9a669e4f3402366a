"""One figure over the repeats of a model: each is a fresh process, and processes differ by more than iterations do."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from scipy.special import stdtrit

from runner.contract.statistics import Summary


@dataclass(frozen=True)
class OverProcesses:
    """interim; see runner/contract/processes.py"""

    figure: float
    factor: float | None
    processes: int

    @property
    def half_width(self) -> float | None:
        return None if self.factor is None else self.factor - 1


def over_processes(medians: Sequence[float]) -> OverProcesses:
    logs = np.log(np.asarray(medians, dtype=float))
    n = len(logs)
    figure = float(math.exp(logs.mean()))
    if n < 2:
        return OverProcesses(figure, None, n)
    error = float(logs.std(ddof=1)) / math.sqrt(n)
    return OverProcesses(figure, math.exp(float(stdtrit(n - 1, 0.975)) * error), n)


def over_repeats(summaries: Iterable[Summary], statistic: str) -> float:
    """Return the mean in ms, over repeats, of what the statistic (mean, median) says of each."""
    return fmean(summary.value(statistic) for summary in summaries)


def detections_over_repeats(summaries: Iterable[Summary]) -> float:
    """Return the mean number of detections in an image, over repeats."""
    return fmean(summary.detections_per_image for summary in summaries)
