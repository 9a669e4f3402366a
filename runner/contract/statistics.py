"""Statistics derived from raw samples; the runner stores the samples, whoever reads them calls this."""

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
    n = len(ordered)
    return Summary(
        n=n,
        mean_ms=float(ordered.mean()),
        median_ms=float(numpy.median(ordered)),
        min_ms=float(ordered[0]),
        max_ms=float(ordered[-1]),
        std_ms=float(ordered.std(ddof=1)) if n > 1 else None,
        p99_ms=float(ordered[int(0.99 * (n - 1))]) if n >= MIN_SAMPLES_P99 else None,
        images_per_second=1000.0 * n / float(ordered.sum()),
        first_inference_ms=samples.wall_ms[0],
        detections_per_image=_mean([n for n, phase in zip(samples.detections, samples.phase) if phase == "measured"]),
    )


def measured_ms(latency: Latency) -> List[float]:
    """Return the measured samples in the order of execution: device time where there is one, wall time else."""
    columns = zip(latency.samples.phase, latency.samples.device_ms, latency.samples.wall_ms)
    return [_time(device_ms, wall_ms) for phase, device_ms, wall_ms in columns if phase == "measured"]


def _time(device_ms: Optional[float], wall_ms: float) -> float:
    return wall_ms if device_ms is None else device_ms


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
