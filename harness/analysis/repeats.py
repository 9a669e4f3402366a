"""One figure over the repeats of a model: each is a fresh process, and processes differ by more than iterations do."""

from collections.abc import Iterable
from statistics import fmean

from runner.contract.statistics import Summary


def over_repeats(summaries: Iterable[Summary], statistic: str) -> float:
    """Return the mean in ms, over repeats, of what the statistic (mean, median) says of each."""
    return fmean(summary.value(statistic) for summary in summaries)


def detections_over_repeats(summaries: Iterable[Summary]) -> float:
    """Return the mean number of detections in an image, over repeats."""
    return fmean(summary.detections_per_image for summary in summaries)
