"""Accuracy beside latency: which AP a timed model has, and which models no other beats in both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.analysis.naming import weights_name
from harness.analysis.timings import Timing
from harness.documents.run_folder import Cell
from harness.documents.scores import Score


@dataclass(frozen=True)
class Placed:
    """A timed model and its AP of boxes in %, with its 95 % interval where it has one; `source` says whose AP it is.

    It is on the frontier where no model of its series is at least as fast and as accurate, and better in one of both.
    """

    timing: Timing
    ap: float
    source: str
    low: float | None = None
    high: float | None = None
    on_frontier: bool = False


def placed(timings: Sequence[Timing], cells: Sequence[Cell], *, published: bool) -> dict[str, list[Placed]]:
    """Return the timed models that have an AP, by what that AP is of: only APs of one kind compare.

    An AP is of the same environment, model and weights as the timing. Where none was measured, pretrained weights have
    the one that torchvision publishes, if that may be shown. Random weights have none. Keypoint R-CNN is left out: its
    boxes are of persons alone.
    """
    found: dict[str, list[Placed]] = {}
    for timing in timings:
        if timing.series.weights == "random" or "keypoints" in timing.model.tasks:
            continue
        if measured := _measured(timing, cells):
            kind, score = measured
            interval = score.interval
            ends = (100 * interval.low, 100 * interval.high) if interval else (None, None)
            source = f"measured, {score.images} images"
            found.setdefault(kind, []).append(Placed(timing, 100 * score.metrics["AP"], source, *ends))
        elif published and timing.series.weights == "pretrained":
            kind = "AP that torchvision publishes for COCO val2017, not measured here"
            found.setdefault(kind, []).append(Placed(timing, timing.model.box_ap, "torchvision's"))
    return {kind: _with_frontiers(points) for kind, points in found.items()}


def _measured(timing: Timing, cells: Iterable[Cell]) -> tuple[str, Score] | None:
    """Return the AP of boxes that the environment's pass scored, floats before integers, and what it is of."""
    for cell in cells:
        if cell.scores is None or cell.job.dataset is None or not _same_model(cell, timing):
            continue
        scores = [score for score in cell.scores.scores if score.iou == "bbox" and score.metrics["AP"] >= 0]
        if scores:
            score = min(scores, key=lambda each: each.box_rule != "float")
            rule = "" if score.box_rule == "float" else ", boxes cut to integers"
            kind = f"AP measured on {cell.job.dataset.name}, {score.images} images, {timing.series.weights} weights"
            return kind + rule, score
    return None


def _same_model(cell: Cell, timing: Timing) -> bool:
    hashes = {each.result.weights_sha256 for each in (cell, *timing.cells)} - {None}
    return (
        cell.job.environment == timing.series.environment
        and cell.job.model.builder == timing.model.builder
        and weights_name(cell.job) == timing.series.weights
        and cell.job.variant.numerics is None
        and len(hashes) < 2
    )


def _with_frontiers(points: list[Placed]) -> list[Placed]:
    return [replace(point, on_frontier=not any(_beats(other, point) for other in points)) for point in points]


def _beats(other: Placed, point: Placed) -> bool:
    if other.timing.series != point.timing.series:
        return False
    as_good = other.timing.ms <= point.timing.ms and other.ap >= point.ap
    return as_good and (other.timing.ms < point.timing.ms or other.ap > point.ap)
