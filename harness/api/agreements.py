"""How far detection passes agree, as a value."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from harness.agreeing import Compared
from harness.api.shown import Shown, frame_of
from harness.documents.agreement import Agreement, ImageDifference

NAMES = ("run", "cell", "environment")
#: What is no column of its own: passes and tolerances are taken apart, images and AP have tables of their own.
APART = ("schema_version", "reference", "other", "tolerances", "worst", "ap_differences")


@dataclass(frozen=True, repr=False, eq=False)
class Agreements(Shown):
    """Pairs of detection passes of one model over the same images, compared.

    `agreed` tells whether none is different and, of a sweep, every cell ran. `passes` has a row for each pair:
    the model, run, cell and environment of reference and other, the verdict (identical, reordered, equal, different),
    counts of images and detections, the largest box_shift_px and score_difference, the least mask_iou and the largest
    keypoint_shift_px (missing where there is none). `images` has the worst images of each pair, `ap` the change of AP
    (other less reference, 0 to 1) with its 95 % interval. `pictures` are the files that show what differs.
    """

    agreed: bool
    passes: pd.DataFrame
    images: pd.DataFrame
    ap: pd.DataFrame
    pictures: list[Path]
    documents: list[Agreement]

    def _title(self) -> str:
        return f"agreement of detections: {'all agree' if self.agreed else 'something differs'}"

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.passes[["model", "reference_environment", "other_environment", "verdict", "images_different"]]


def agreements(compared: Compared, *, ran: bool) -> Agreements:
    """Return what was compared as a value."""
    documents = compared.agreements
    named = {id(each): {"model": each.model, "cell": each.other.cell} for each in documents}
    images = [named[id(each)] | asdict(image) for each in documents for image in each.worst]
    precision = [named[id(each)] | asdict(change) for each in documents for change in each.ap_differences]
    return Agreements(
        agreed=compared.agreed and ran,
        passes=frame_of(map(_flat, documents)),
        images=frame_of(images, ("model", "cell", *(field.name for field in fields(ImageDifference)))),
        ap=frame_of(precision, ("model", "cell", "iou", "difference", "low", "high", "confidence", "resamples")),
        pictures=compared.pictures,
        documents=documents,
    )


def _flat(of: Agreement) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for side in ("reference", "other"):
        row |= {f"{side}_{name}": getattr(getattr(of, side), name) for name in NAMES}
    return {"model": of.model, **row} | {name: value for name, value in vars(of).items() if name not in APART}
