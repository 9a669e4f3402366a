"""Statistics derived from raw samples; the runner stores the samples, whoever reads them calls this."""

import math
from dataclasses import dataclass
from typing import List, Optional, Sequence

import numpy

from runner.contract import Latency

#: A p99 from fewer samples than this would be one of the two largest values, not an estimate.
MIN_SAMPLES_P99 = 200


@dataclass(frozen=True)
class Summary:
    """Figures over the measured samples, in ms; p99_ms is None where the samples are too few for one."""

    n: int
    mean_ms: float
    median_ms: float
    min_ms: float
    max_ms: float
    std_ms: Optional[float]
    p99_ms: Optional[float]
    images_per_second: float
    first_inference_ms: float
    detections_per_image: float

    def value(self, statistic: str) -> float:
        """Return the figure that a protocol reports: "mean" or "median", in ms."""
        return {"mean": self.mean_ms, "median": self.median_ms}[statistic]


def summarise(latency: Latency) -> Summary:
    """Summarise one cell's measured samples: device time where there is one, wall time else.

    p99 is the lower order statistic, as the published scripts took it (numpy's interpolation="lower").
    images_per_second is n over the summed time; the published figure, mean(1/t), weighs fast images more.
    """
    samples = latency.samples
    ordered = numpy.sort(numpy.asarray(measured_ms(latency), dtype=float))
    # Of so few samples, sums take a tenth of the time of numpy's own mean, median and std, and come out bit for bit.
    n, middle, total = len(ordered), len(ordered) // 2, float(ordered.sum())
    mean = total / n
    return Summary(
        n=n,
        mean_ms=mean,
        median_ms=float(ordered[middle] if n % 2 else (ordered[middle - 1] + ordered[middle]) / 2),
        min_ms=float(ordered[0]),
        max_ms=float(ordered[-1]),
        std_ms=_std(ordered, mean) if n > 1 else None,
        p99_ms=float(ordered[int(0.99 * (n - 1))]) if n >= MIN_SAMPLES_P99 else None,
        images_per_second=1000.0 * n / total,
        first_inference_ms=samples.wall_ms[0],
        detections_per_image=_mean([n for n, phase in zip(samples.detections, samples.phase) if phase == "measured"]),
    )


def measured_ms(latency: Latency) -> List[float]:
    """Return the measured samples in the order of execution: device time where there is one, wall time else."""
    columns = zip(latency.samples.phase, latency.samples.device_ms, latency.samples.wall_ms)
    return [wall_ms if device_ms is None else device_ms for phase, device_ms, wall_ms in columns if phase == "measured"]


def _std(values: numpy.ndarray, mean: float) -> float:
    deviations = values - mean
    return math.sqrt(float((deviations * deviations).sum()) / (len(values) - 1))


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
