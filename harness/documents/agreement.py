"""What a comparison of two detection passes leaves behind, as a document."""

from dataclasses import dataclass
from typing import Literal, get_args

from harness.documents.scores import Iou
from runner.contract import Document

#: From best to worst: bit for bit; bit for bit in another order, as ties may be; one to one within the tolerances.
Verdict = Literal["identical", "reordered", "equal", "different"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Tolerances(Document):
    """How far two detections of one object may be apart.

    box_px bounds each coordinate of a corner, keypoint_px each of a keypoint; mask_iou is the least that masks share.
    Sums of float32 in another order move boxes by about a thousandth of a pixel; these are well above that, and well
    below what a person or AP would notice.
    """

    box_px: float = 0.1
    score: float = 0.001
    mask_iou: float = 0.99
    keypoint_px: float = 0.1


@dataclass(frozen=True)
class PassName(Document):
    """Which pass: its run, cell and environment, and what was varied, if anything was."""

    run: str
    cell: str
    environment: str


@dataclass(frozen=True)
class ImageDifference(Document):
    """An image in which the passes differ, by how many unmatched detections of each, and how far matched ones are.

    The least mask IoU and the largest shift of a keypoint are None where there are no masks or keypoints.
    """

    file: str
    unmatched_reference: int
    unmatched_other: int
    box_shift_px: float
    score_difference: float
    mask_iou: float | None = None
    keypoint_shift_px: float | None = None


@dataclass(frozen=True)
class ApDifference(Document):
    """AP of the other pass less that of the reference, with a paired bootstrap interval over images (None: too few)."""

    iou: Iou
    difference: float
    low: float | None
    high: float | None
    confidence: float
    resamples: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the choice of images alone does not explain the difference; never where there is no interval."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Agreement(Document):
    """How far two passes of one model over the same images agree.

    The largest shift and difference, the least mask IoU, are over matched detections; None where there are no masks or
    keypoints. `borderline` counts detections that only one pass has, since they lie at a cut-off: the score threshold,
    or the last place in an image that is full. `pixels_different` images were decoded to other pixels.
    """

    schema_version: int
    model: str
    reference: PassName
    other: PassName
    verdict: Verdict
    tolerances: Tolerances
    images: int
    images_different: int
    pixels_different: int
    detections_reference: int
    detections_other: int
    unmatched_reference: int
    unmatched_other: int
    borderline: int
    box_shift_px: float
    score_difference: float
    mask_iou: float | None
    keypoint_shift_px: float | None
    worst: list[ImageDifference]
    ap_differences: list[ApDifference]

    @property
    def against(self) -> str:
        """What the reference is called: its environment, and its run, too, where both are of that environment."""
        same = self.reference.environment == self.other.environment
        return f"{self.reference.environment} of {self.reference.run}" if same else self.reference.environment
