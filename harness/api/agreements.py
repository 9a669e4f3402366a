"""How far detection passes agree, as a value."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from harness.agreeing import Compared, Redone
from harness.api.shown import Shown, frame_of
from harness.documents.agreement import Agreement, ApDifference, ImageDifference, Portion

NAMES = ("run", "cell", "environment")
#: What is no column of its own: passes and tolerances are taken apart, images and AP have tables of their own.
APART = ("schema_version", "reference", "other", "tolerances", "worst", "ap_differences", "parts")


#: The columns of the frame of causes.
CAUSES = (
    "model",
    "cell",
    "causes",
    "unexplained",
    "images",
    "alike",
    "evidence",
    "iou",
    "difference",
    "low",
    "high",
)


@dataclass(frozen=True, repr=False, eq=False)
class Agreements(Shown):
    """Pairs of detection passes of one model over the same images, compared.

    `agreed` tells whether none is different, but for allowed causes, and every cell ran that was run for it. `passes`
    has a row for each pair: the model, run, cell and environment of reference and other, the verdict (identical,
    reordered, equal, different), a sentence with what made them differ, how many images are unexplained,
    counts of images and detections, the largest box_shift_px and score_difference, the least mask_iou and the largest
    keypoint_shift_px (missing where there is none). `images` has the worst images of each pair, `ap` the change of AP
    (other less reference, 0 to 1) with its 95 % interval. `causes` has a row for each cause, or several at once, of a
    pair: how many images differ for it, how many are alike in spite of it, the evidence, and the change of AP in those
    that differ. `redone` says what remained after an experiment. `pictures` are the files that show what differs.
    """

    agreed: bool
    passes: pd.DataFrame
    images: pd.DataFrame
    ap: pd.DataFrame
    causes: pd.DataFrame
    redone: list[str]
    pictures: list[Path]
    documents: list[Agreement]

    def _title(self) -> str:
        return f"agreement of detections: {'all agree' if self.agreed else 'something differs'}"

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.passes[["model", "reference_environment", "other_environment", "verdict", "images_different"]]
        if len(self.causes):
            yield self.causes[["model", "cell", "causes", "unexplained", "images", "alike"]]


def agreements(compared: Compared, redone: list[Redone], *, agreed: bool) -> Agreements:
    """Return what was compared as a value."""
    documents = compared.agreements
    named = {id(each): {"model": each.model, "cell": each.other.cell} for each in documents}
    images = [named[id(each)] | asdict(image) for each in documents for image in each.worst]
    precision = [named[id(each)] | asdict(change) for each in documents for change in each.ap_differences]
    return Agreements(
        agreed=agreed,
        passes=frame_of(map(_flat, documents)),
        images=frame_of(images, ("model", "cell", *(field.name for field in fields(ImageDifference)))),
        ap=frame_of(precision, ("model", "cell", "iou", "difference", "low", "high", "confidence", "resamples")),
        causes=frame_of([named[id(each)] | row for each in documents for row in _causes(each)], CAUSES),
        redone=[each.sentence for each in redone],
        pictures=compared.pictures,
        documents=documents,
    )


def _flat(of: Agreement) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for side in ("reference", "other"):
        row |= {f"{side}_{name}": getattr(getattr(of, side), name) for name in NAMES}
    plain = {name: value for name, value in vars(of).items() if name not in APART}
    return {"model": of.model, **row} | plain | {"sentence": of.sentence, "unexplained": of.unexplained}


def _causes(of: Agreement) -> Iterator[dict[str, Any]]:
    """Yield a row for each part and kind of AP; one without AP where no object is annotated in its images."""
    for part in of.parts or []:
        yield from (_part(part, change) for change in part.ap_differences)
        if not part.ap_differences:
            yield _part(part, None)


def _part(part: Portion, change: ApDifference | None) -> dict[str, Any]:
    row = {
        "causes": ", ".join(part.causes),
        "unexplained": part.unexplained,
        "images": part.images,
        "alike": part.alike,
        "evidence": "; ".join(part.evidence),
    }
    return row | {name: getattr(change, name, None) for name in ("iou", "difference", "low", "high")}
