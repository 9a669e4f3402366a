"""What there was to do in a picture, in a result: counts and sizes that a latency can be set against."""

from dataclasses import dataclass
from typing import Optional

from runner.contract.model import Document


@dataclass(frozen=True)
class Content(Document):
    """What a model did with the input of that name, seen in one call in which nothing was timed.

    It resized the picture to resized_height × resized_width and padded that by `padded_pixels` (of each channel). Of
    `proposals`, those of its first stage, it kept `candidates`, the boxes above its score that went into the last
    non-maximum suppression; that left `uncut` of them, and its cut to a largest number the `detections`. `nms_route` is
    how torchvision kept the classes apart there, None where an early version of the runner did not look.
    `missing_reason` says why one of them is None.
    """

    name: str
    detections: int
    uncut: Optional[int] = None
    candidates: Optional[int] = None
    proposals: Optional[int] = None
    resized_height: Optional[int] = None
    resized_width: Optional[int] = None
    padded_pixels: Optional[int] = None
    missing_reason: Optional[str] = None
    nms_route: Optional[str] = None
