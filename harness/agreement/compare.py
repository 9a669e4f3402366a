"""Two detection passes of one model over the same images: how far they agree."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from harness.agreement.causes import Looked, look
from harness.agreement.matching import Matched, match
from harness.agreement.sides import Sides
from harness.documents.agreement import VERDICTS, Agreement, ImageDifference, PassName, Portion, Tolerances, Verdict
from runner.contract import SCHEMA_VERSION, Job
from runner.contract.rows import Row

#: So many of the images that differ most are named, and drawn.
WORST = 3


@dataclass
class Tally:
    """What is known of the images that were compared so far."""

    images: int = 0
    different: int = 0
    pixels_different: int = 0
    detections: list[int] = field(default_factory=lambda: [0, 0])
    unmatched: list[int] = field(default_factory=lambda: [0, 0])
    borderline: int = 0
    verdict: Verdict = "identical"
    box_shift_px: float = 0.0
    score_difference: float = 0.0
    mask_iou: float | None = None
    keypoint_shift_px: float | None = None
    looked: list[Looked] = field(default_factory=list)

    def add(self, reference: Row, other: Row, matched: Matched, sides: Sides, tolerances: Tolerances) -> None:
        """Count an image, and look for what made it differ."""
        self.images += 1
        self.pixels_different += reference.pixels_sha256 != other.pixels_sha256
        for side, row in enumerate((reference, other)):
            self.detections[side] += len(row.detections.scores) if row.detections else 0
        self.verdict = max(self.verdict, matched.verdict, key=VERDICTS.index)
        self.borderline += matched.borderline
        self.unmatched[0] += len(matched.unmatched_reference)
        self.unmatched[1] += len(matched.unmatched_other)
        self.box_shift_px = max(self.box_shift_px, matched.box_shift_px)
        self.score_difference = max(self.score_difference, matched.score_difference)
        self.mask_iou = _known(min, self.mask_iou, matched.mask_iou)
        self.keypoint_shift_px = _known(max, self.keypoint_shift_px, matched.keypoint_shift_px)
        difference = _difference(reference, matched) if matched.verdict == "different" else None
        self.different += difference is not None
        self.looked.append(look((reference, other), matched, difference, sides, tolerances))


def _difference(row: Row, matched: Matched) -> ImageDifference:
    lost = len(matched.unmatched_reference), len(matched.unmatched_other)
    distances = matched.box_shift_px, matched.score_difference
    return ImageDifference(row.file, *lost, *distances, matched.mask_iou, matched.keypoint_shift_px)


def worst(differences: Iterable[ImageDifference]) -> list[ImageDifference]:
    """Return the images that differ most, in that order."""

    def much(of: ImageDifference) -> tuple[float, ...]:
        unlike = 0.0 if of.mask_iou is None else 1 - of.mask_iou
        lost = of.unmatched_reference + of.unmatched_other
        return -lost, -of.box_shift_px, -of.score_difference, -(of.keypoint_shift_px or 0.0), -unlike

    return sorted(differences, key=much)[:WORST]


def _known(which: Callable[[list[float]], float], one: float | None, two: float | None) -> float | None:
    values = [value for value in (one, two) if value is not None]
    return which(values) if values else None


def tally(pairs: Iterable[tuple[Row, Row]], sides: Sides, tolerances: Tolerances) -> Tally:
    """Compare the two rows of each image."""
    counted = Tally()
    for one, two in pairs:
        counted.add(one, two, match(one, two, sides.thresholds[1], tolerances), sides, tolerances)
    return counted


def agreement(
    counted: Tally,
    job: Job,
    reference: PassName,
    other: PassName,
    tolerances: Tolerances,
    parts: Sequence[Portion],
) -> Agreement:
    """Return the document of a comparison, without AP. The worst images are those of the first parts."""
    return Agreement(
        schema_version=SCHEMA_VERSION,
        model=job.model.builder,
        reference=reference,
        other=other,
        verdict=counted.verdict,
        tolerances=tolerances,
        images=counted.images,
        images_different=counted.different,
        pixels_different=counted.pixels_different,
        detections_reference=counted.detections[0],
        detections_other=counted.detections[1],
        unmatched_reference=counted.unmatched[0],
        unmatched_other=counted.unmatched[1],
        borderline=counted.borderline,
        box_shift_px=counted.box_shift_px,
        score_difference=counted.score_difference,
        mask_iou=counted.mask_iou,
        keypoint_shift_px=counted.keypoint_shift_px,
        worst=[each for part in parts for each in part.worst][:WORST],
        ap_differences=[],
        parts=list(parts),
        weights=job.model.weights.kind,
    )
