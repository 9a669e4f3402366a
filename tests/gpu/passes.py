"""Two detection passes over the same pictures: how much of one the other found, and how far apart."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runner.contract import rows
from runner.contract.rows import ImageDetections


@dataclass(frozen=True)
class Difference:
    """Of `clear` detections of one pass `found` are in the other, and by how much box and score differ at most."""

    clear: int
    found: int
    box_px: float
    score: float

    @property
    def share(self) -> float:
        """How much of what one pass detected the other found."""
        return self.found / self.clear if self.clear else 0.0

    def __str__(self) -> str:
        return f"{self.found} of {self.clear} found again, within {self.box_px:.4f} px and {self.score:.6f} of a score"


def detected(folder: Path) -> list[ImageDetections]:
    """Return what a pass found in each picture. Raises AssertionError where it left one out."""
    found = [row.detections for row in rows.read(folder / "detections.sqlite")]
    assert None not in found, f"{folder.name}: a picture could not be read"
    return [each for each in found if each is not None]


def same_bits(one: list[ImageDetections], other: list[ImageDetections]) -> bool:
    """Tell whether two passes are equal to the last bit, in the same order."""
    return len(one) == len(other) and all(
        all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("boxes", "scores", "labels"))
        for a, b in zip(one, other, strict=True)
    )


def difference(
    one: list[ImageDetections], other: list[ImageDetections], least_score: float, reach_px: float
) -> Difference:
    """Look in the other pass for each detection of one whose score is `least_score` or more.

    It is found where one of its class that was not taken yet has no coordinate further off than `reach_px`; whatever
    scores less is there or not by its last bits.
    """
    clear, shifts = 0, []
    for a, b in zip(one, other, strict=True):
        taken: set[int] = set()
        for box, score, label in zip(a.boxes, a.scores, a.labels, strict=True):
            if score < least_score:
                continue
            clear += 1
            apart = np.abs(b.boxes - box).max(axis=1, initial=0.0)
            free = [n for n in np.flatnonzero(b.labels == label).tolist() if n not in taken and apart[n] <= reach_px]
            if free:
                nearest = min(free, key=lambda n: float(apart[n]))
                taken.add(nearest)
                shifts.append((float(apart[nearest]), abs(float(b.scores[nearest]) - float(score))))
    box_px, differs = (max(column) for column in zip(*shifts, strict=True)) if shifts else (0.0, 0.0)
    return Difference(clear, len(shifts), box_px, differs)
