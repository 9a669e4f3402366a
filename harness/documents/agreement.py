"""What a comparison of two detection passes leaves behind, as a document."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from harness.documents.causes import UNEXPLAINED, Cause, word, words
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
class Portion(Document):
    """The images of two passes that have the same causes in common.

    Those of `image_ids` differ, and have the AP differences and the worst images; `alike` went through the same and
    agree. `evidence` is what both sides recorded that shows each cause, of the first image that differs. `unexplained`
    ones differ in more than their causes can produce, or have none.
    """

    causes: list[Cause]
    unexplained: bool
    image_ids: list[int]
    alike: int
    evidence: list[str]
    worst: list[ImageDifference]
    ap_differences: list[ApDifference]

    @property
    def images(self) -> int:
        """How many images differ."""
        return len(self.image_ids)

    @property
    def words(self) -> str:
        """What its images are: "resized to another size", "unexplained"."""
        if not self.unexplained:
            return words(self.causes)
        return UNEXPLAINED + (f", though {words(self.causes)}" if self.causes else "")


@dataclass(frozen=True)
class Agreement(Document):
    """How far two passes of one model over the same images agree.

    The largest shift and difference, the least mask IoU, are over matched detections; None where there are no masks or
    keypoints. `borderline` counts detections that only one pass has, since they lie at a cut-off: the score threshold,
    or the last place in an image that is full. `pixels_different` images were decoded to other pixels. `parts` are the
    images by what made them differ, unexplained ones first; None where an earlier version did not ask. `left_out`
    images are not compared, since they were not resized alike; None where all are. `weights` are their kind, None in
    earlier versions.
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
    parts: list[Portion] | None = None
    left_out: int | None = None
    weights: str | None = None

    @property
    def unexplained(self) -> int:
        """In how many images the passes differ for no known cause; all of them where nobody asked for causes."""
        if self.parts is None:
            return self.images_different
        return sum(part.images for part in self.parts if part.unexplained)

    def beyond(self, allowed: Iterable[str]) -> int:
        """Return in how many images the passes differ for a cause that is not allowed, or for none."""
        if self.parts is None:
            return self.images_different
        known = set(allowed)
        return sum(part.images for part in self.parts if part.unexplained or not known.issuperset(part.causes))

    @property
    def causes(self) -> list[str]:
        """What made images differ, each in a word, "unexplained" first; empty where none do, or nobody asked."""
        names = [UNEXPLAINED] * any(part.unexplained for part in self._differing)
        return [*names, *dict.fromkeys(cause for part in self._differing for cause in part.causes)]

    @property
    def word(self) -> str:
        """The verdict in a table, a different one with its causes: "different: resize"."""
        return word(self.verdict, self.causes)

    @property
    def because(self) -> str:
        """What made images differ, "14 resized to another size"; empty where none do, or nobody asked."""
        return ", ".join(f"{part.images} {part.words}" for part in self._differing)

    @property
    def sentence(self) -> str:
        """The verdict in full, such as "different in 1 of 9: 1 unexplained; equal in the 8 others"."""
        if self.verdict != "different":
            return f"{self.verdict} in all {self.images}{self._alike}"
        others = self.images - self.images_different
        text = f"different in {self.images_different} of {self.images}" + (f": {self.because}" if self.because else "")
        left = "other" if others == 1 else f"{others} others"
        text += f"; equal in the {left}{self._alike}" if others else ""
        return text + ("" if self.unexplained else f"; 0 {UNEXPLAINED}")

    @property
    def _differing(self) -> list[Portion]:
        return [part for part in self.parts or [] if part.images]

    @property
    def _alike(self) -> str:
        """Return how many images agree although they went through something that may make others differ."""
        said = [f"{part.alike} of them {words(part.causes)}" for part in self.parts or [] if part.alike]
        return f" ({', '.join(said)})" if said else ""

    @property
    def against(self) -> str:
        """What the reference is called: its environment, and its run, too, where both are of that environment."""
        same = self.reference.environment == self.other.environment
        return f"{self.reference.environment} of {self.reference.run}" if same else self.reference.environment
