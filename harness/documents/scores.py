"""What scoring leaves behind, as a document."""

from dataclasses import dataclass, field
from typing import Literal

from runner.contract import BoxRule, Document

#: What is compared: boxes by their IoU, masks by their IoU, keypoints by their similarity (OKS).
Iou = Literal["bbox", "segm", "keypoints"]
ScorerName = Literal["hotcoco", "pycocotools"]


@dataclass(frozen=True)
class ApInterval(Document):
    """A percentile bootstrap interval of AP, 0 to 1, over images drawn with replacement (interval.py)."""

    low: float
    high: float
    confidence: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class ApPart(Document):
    """AP, 0 to 1, in the pictures of a set with `least` to `most` objects, or pixels; None is without end.

    `missing_reason` says why AP, or its interval, is None.
    """

    of: Literal["objects", "pixels"]
    least: int
    most: int | None
    images: int
    objects: int
    ap: float | None
    interval: ApInterval | None
    missing_reason: str | None


@dataclass(frozen=True)
class Score(Document):
    """COCO's metrics of one set of detections, 0 to 1; -1 where nothing could be scored, as COCO has it.

    `box_rule` bears on `bbox` only: masks and keypoints carry their own areas. `images`, `objects` and `detections`
    count what was handed in, crowds included. `tide` is what AP at IoU 0.5 would gain if all errors of one kind were
    mended: Bolya et al., TIDE (2020), with a foreground threshold of 0.5 and a background threshold of 0.1. `remarks`
    say what the numbers hide (remarks.py). `parts` are of pictures by the number of their objects, then by their size,
    None where an early version did not part them.
    """

    iou: Iou
    box_rule: BoxRule
    scorer: ScorerName
    scorer_version: str
    images: int
    objects: int
    detections: int
    metrics: dict[str, float]
    ap_by_category: dict[str, float]
    interval: ApInterval | None
    interval_missing_reason: str | None
    tide: dict[str, float] | None
    tide_missing_reason: str | None
    remarks: list[str] = field(default_factory=list)
    parts: list[ApPart] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where there is no AP, which every table shows."""
        if "AP" not in self.metrics:
            raise ValueError("its metrics lack AP")


@dataclass(frozen=True)
class CellScores(Document):
    """The scores of one cell's detection pass, and what they were computed from.

    `bad_images` could not be decoded and are left out. `turned_images` were decoded to another size than annotated, as
    a reader does that follows their EXIF orientation; masks in them can't be compared and are left out.
    `foreign_detections` are of categories that the annotations lack, as a model trained on others finds them.
    `not_scored` has the reason for each kind of detection that the annotations have nothing to compare with.
    """

    schema_version: int
    cell: str
    annotations_sha256: str
    detections_sha256: str
    bad_images: int
    turned_images: int
    foreign_detections: int
    scores: list[Score]
    warnings: list[str]
    not_scored: dict[Iou, str] = field(default_factory=dict)
