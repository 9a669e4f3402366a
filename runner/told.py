"""What a person reads who runs a job by hand: how it ended, and what was observed of it. Nothing is judged here."""

import re
from typing import Iterator, Optional

from runner.contract import CpuSupply, Latency, Result
from runner.contract.statistics import summarise

#: Libraries of matrix products on a CPU. cuBLAS computes on a GPU.
BLAS = re.compile(r"(?<!cu)blas|mkl|blis|atlas")


def told(result: Result) -> Iterator[str]:
    """Yield the lines: the conclusion, then an observation each."""
    if result.detections is not None:
        yield f"{result.status}: {result.detections.boxes} boxes in {result.detections.images} images"
        yield from _load(result.detections.other_load_cpus)
    elif result.latency is not None:
        yield from _timed(result, result.latency)
    else:
        yield f"{result.status}: {result.failure.message if result.failure else 'no reason given'}"
    if result.cpu_supply is not None:
        yield _supply(result.cpu_supply)
    libraries = result.software.shared_libraries if result.software else []
    blas = [library.name for library in libraries if BLAS.search(library.name)]
    if blas:
        yield f"BLAS: {', '.join(blas)}"
    yield from result.remarks


def _timed(result: Result, latency: Latency) -> Iterator[str]:
    summary, statistic = summarise(latency), result.job.protocol.statistic
    yield f"{result.status}: {summary.value(statistic):.1f} ms, the {statistic} of {summary.n} iterations"
    if latency.warmup is not None:
        pilot = f", after a pilot of {latency.pilot_iterations}" if latency.pilot_iterations else ""
        yield f"ended: {latency.stopped_by}{pilot}; warm-up: {latency.warmup}"
    yield f"detections: {summary.detections_per_image:.1f} an image"
    yield from _load(latency.other_load_cpus)


def _load(cpus: Optional[float]) -> Iterator[str]:
    if cpus is not None:
        yield f"other work: {cpus:.2f} CPUs busy meanwhile"


def _supply(supply: CpuSupply) -> str:
    if supply.quota_cpus is None or supply.throttled_periods is None:
        return f"CPU quota: {supply.missing_reason}"
    return f"CPU quota: {supply.quota_cpus:g} CPUs, throttled in {supply.throttled_periods} of {supply.periods} periods"
