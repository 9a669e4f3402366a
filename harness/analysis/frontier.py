"""Accuracy beside latency: which AP a timed model has, and which models no other beats in both."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.analysis.naming import content_of
from harness.analysis.series import shared
from harness.analysis.timings import Timing
from harness.documents.run_folder import Cell
from harness.documents.scores import Score
from harness.knobs.words import detecting
from runner.contract import BoxRule


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

    @property
    def between(self) -> str:
        """The ends of the interval in words, nothing where it has none."""
        return "" if self.low is None or self.high is None else f"{self.low:.1f} to {self.high:.1f}"


@dataclass(frozen=True)
class Scored:
    """What a measured AP is of: images, boxes, how they were detected, and with which weights."""

    dataset: str
    content: str
    images: int
    box_rule: BoxRule
    how: tuple[str, ...]
    weights: str

    @property
    def name(self) -> str:
        """Return it in words, which may be those of another dataset of the same name, too."""
        rule = "" if self.box_rule == "float" else ", boxes cut to integers"
        return f"{self.dataset}, {self.images} images, {self.weights} weights{rule}"

    @property
    def whole_name(self) -> str:
        """Return it in words that fit nothing else."""
        return ", ".join([self.name, *self.how, f"content {self.content}"])


def placed(timings: Sequence[Timing], cells: Sequence[Cell], *, published: bool) -> dict[str, list[Placed]]:
    """Return the timed models that have an AP, by what that AP is of: only APs of one kind compare.

    An AP is of the same environment, software, model and weights as the timing. Where none was measured, pretrained
    weights have the one that torchvision publishes, if that may be shown. Random weights have none. Keypoint R-CNN is
    left out: its boxes are of persons alone.
    """
    found: dict[str, list[Placed]] = {}
    able = [t for t in timings if t.series.weights != "random" and "keypoints" not in t.model.tasks]
    measured = [(timing, _measured(timing, cells)) for timing in able]
    names = _names(one[0] for _, one in measured if one)
    for timing, one in measured:
        if one:
            of, score = one
            ends = (100 * score.interval.low, 100 * score.interval.high) if score.interval else (None, None)
            point = Placed(timing, 100 * score.metrics["AP"], f"measured on {names[of]}", *ends)
            found.setdefault(f"AP measured on {names[of]}", []).append(point)
        elif published and timing.series.weights == "pretrained" and (ap := timing.model.ap("bbox")) is not None:
            kind = "AP that torchvision publishes for COCO val2017, not measured here"
            found.setdefault(kind, []).append(Placed(timing, ap, "torchvision's"))
    return {kind: _with_frontiers(points) for kind, points in found.items()}


def _names(kinds: Iterable[Scored]) -> dict[Scored, str]:
    kinds = dict.fromkeys(kinds)
    alike = Counter(kind.name for kind in kinds)
    return {kind: kind.name if alike[kind.name] == 1 else kind.whole_name for kind in kinds}


def _measured(timing: Timing, cells: Iterable[Cell]) -> tuple[Scored, Score] | None:
    """Return the AP of boxes that the environment's pass scored, floats before integers, and what it is of."""
    for cell in cells:
        dataset = cell.job.dataset
        if cell.scores is None or dataset is None or not _same_model(cell, timing):
            continue
        scores = [score for score in cell.scores.scores if score.iou == "bbox" and score.metrics["AP"] >= 0]
        if scores:
            score, how = min(scores, key=lambda each: each.box_rule != "float"), tuple(detecting(cell.job))
            weights = timing.series.weights
            return Scored(dataset.name, content_of(dataset), score.images, score.box_rule, how, weights), score
    return None


def _same_model(cell: Cell, timing: Timing) -> bool:
    hashes = {each.result.weights_sha256 for each in (cell, *timing.cells)} - {None}
    return (
        cell.job.model.builder == timing.model.builder
        and shared(cell).software == timing.series.software
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
