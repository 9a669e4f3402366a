"""What a result that says ok must hold beyond the shape of its document, so that no reader need ask again."""

from collections.abc import Sequence
from dataclasses import fields
from math import isfinite

from runner.contract import Latency, Result, Work

NO_TIME = "it has a time that is not a positive number, or longer than a year"
#: Sums of times that are no times have no finite number.
LONGEST_MS = 366 * 24 * 3600 * 1000
#: More parameters, and operations of a call, than anything has.
MOST_PARAMETERS, MOST_FLOPS = 10**15, 10**21


def flaw(result: Result) -> str | None:
    """Say why a result is ok and yet no measurement, or None where it is one, or says that it is none."""
    if result.status != "ok":
        return None
    if result.latency is None and result.detections is None:
        return "it is ok but holds no measurement"
    if result.detections is not None and result.detections.images < 1:
        return "it is ok but detected in no image"
    if result.detections is not None and not _are_times([result.detections.wall_ms]):
        return NO_TIME
    return _flaw_of_latency(result.latency) if result.latency else None


def _flaw_of_latency(latency: Latency) -> str | None:
    samples = latency.samples
    columns = [getattr(samples, field.name) for field in fields(samples)]
    if len({len(column) for column in columns if column is not None}) != 1:
        return "the columns of its samples are not of one length"
    if "measured" not in samples.phase:
        return "it is ok but has no measured sample"
    if latency.work is not None and not _is_work(latency.work):
        return "it has parameters or operations whose number can't be"
    on_device = [ms for ms in samples.device_ms if ms is not None]
    return None if _are_times(samples.wall_ms) and _are_times(on_device) else NO_TIME


def _are_times(times: Sequence[float]) -> bool:
    """Tell whether all are times. What is no number may be neither the least nor the most, but the sum is none then."""
    return not times or (min(times) > 0 and max(times) < LONGEST_MS and isfinite(sum(times)))


def _is_work(work: Work) -> bool:
    if not 0 <= (work.parameters or 0) < MOST_PARAMETERS:
        return False
    return work.flops is None or (bool(work.flops) and all(0 < each < MOST_FLOPS for each in work.flops))
