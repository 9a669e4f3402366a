"""What is drawn of a frame: one detector's view, or two beside each other with what only one of them found."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.agreement.matching import match
from harness.clips.caption import LETTERS, Caption, Lettering, strip
from harness.clips.drawing import Pen
from harness.clips.video import Pixels
from harness.documents.agreement import Tolerances
from runner.contract import Thresholds
from runner.contract.rows import Row

#: Between two views, in pixels; black.
GAP = 4
NOBODY = np.empty(0, np.intp)


def size_of_view(height: int, width: int, passes: int) -> tuple[int, int]:
    """Return the height and the width of what is drawn of a frame for so many passes."""
    return (height, width) if passes == 1 else (height + strip(height), 2 * width + GAP)


class View(Protocol):
    """Draws frame after frame. `best` is the highest score so far, of any detection, drawn or not."""

    best: float

    def draw(self, pixels: Pixels, rows: list[Row]) -> Pixels:
        """Return what is to be seen of a frame, given the row of each pass."""
        ...


@dataclass
class One:
    """The view of one pass."""

    pen: Pen
    caption: Caption
    best: float = 0.0

    def draw(self, pixels: Pixels, rows: list[Row]) -> Pixels:
        """Return the frame with its detections and its caption."""
        (row,) = rows
        self.best = max(self.best, _highest(rows))
        return self.drawn(pixels, row, NOBODY)

    def drawn(self, pixels: Pixels, row: Row, outlined: NDArray[np.intp]) -> Pixels:
        """Return the same, with some of the detections outlined below what is drawn."""
        found = row.detections
        if found is not None:
            pixels = self.pen.outline(pixels, found, outlined) if len(outlined) else pixels
            pixels = self.pen.draw(pixels, found)
        return self.caption.write(pixels, row.times.forward_ms)


@dataclass
class Two:
    """Two passes side by side; below stands how many detections both have, and how many frames so far differ."""

    left: One
    right: One
    thresholds: Thresholds | None
    tolerances: Tolerances = field(default_factory=Tolerances)
    frames: int = 0
    different: int = 0
    best: float = 0.0
    _line: Lettering = field(default_factory=Lettering, repr=False)

    def draw(self, pixels: Pixels, rows: list[Row]) -> Pixels:
        """Return the frame twice, left the first pass, right the other."""
        self.best = max(self.best, _highest(rows))
        lost = [NOBODY, NOBODY]
        said = "nothing to compare"
        if all(row.detections is not None for row in rows):
            one, two = (self._sure(row) for row in rows)
            matched = match(one, two, self.thresholds, self.tolerances)
            lost = [matched.unmatched_reference, matched.unmatched_other]
            said = self._said(len(one.detections.scores) if one.detections else 0, *map(len, lost))
            rows = [one, two]
        sides = [side.drawn(pixels, row, alone) for side, row, alone in zip(self._sides, rows, lost, strict=True)]
        between = np.zeros((pixels.shape[0], GAP, 3), np.uint8)
        both = np.concatenate([sides[0], between, sides[1]], axis=1)
        height = pixels.shape[0]
        below = np.zeros((strip(height), both.shape[1], 3), np.uint8)
        return np.concatenate([both, self._line.write(below, said, height * LETTERS)], axis=0)

    @property
    def _sides(self) -> tuple[One, One]:
        return self.left, self.right

    def _sure(self, row: Row) -> Row:
        """Return a row of the detections that are drawn alone."""
        return self.left.pen.sure(row)

    def _said(self, left: int, only_left: int, only_right: int) -> str:
        self.frames += 1
        self.different += bool(only_left or only_right)
        now = f"{left - only_left} in both, {only_left} only left, {only_right} only right"
        return f"{now}; different in {self.different} of {self.frames} frames"


def _highest(rows: list[Row]) -> float:
    """Return the highest score of a frame's detections, 0 where there is none."""
    return max((float(row.detections.scores.max(initial=0.0)) for row in rows if row.detections), default=0.0)
