"""Why two detection passes differ in an image, and each cause in words."""

from collections.abc import Iterable
from typing import Literal, get_args

#: In the order in which they are tested, which is that of a picture's way through a pass.
Cause = Literal[
    "exif",
    "channels",
    "decoder",
    "resize",
    "nms",
    "precision",
    "threads",
    "rounding",
    "thresholds",
    "weights",
    "cut-off",
]
CAUSES: tuple[Cause, ...] = get_args(Cause)
UNEXPLAINED = "unexplained"
#: What stands for a cause behind a number of images.
WORDS: dict[Cause, str] = {
    "exif": "turned otherwise",
    "channels": "read with red and blue exchanged",
    "decoder": "decoded to other pixels",
    "resize": "resized to another size",
    "nms": "suppressed by another route of NMS",
    "precision": "computed with other numerics",
    "threads": "computed with another number of threads",
    "rounding": "rounded otherwise by another torch",
    "thresholds": "cut by other thresholds",
    "weights": "of other weights or graph",
    "cut-off": "tied at a cut-off",
}


def word(verdict: str, causes: Iterable[str]) -> str:
    """Return a verdict on detections as tables have it, one that differs with its causes: "different: resize"."""
    said = ", ".join(causes)
    return f"{verdict}: {said}" if said else verdict


def words(causes: Iterable[Cause]) -> str:
    """Return causes in words, such as "resized to another size and cut by other thresholds"."""
    return " and ".join(WORDS[each] for each in causes)
