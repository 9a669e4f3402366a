"""What a detection pass keeps of an image, and the columns in which it lies: numbers as little-endian blobs.

A box takes 24 bytes: four float32 coordinates, a float32 score, an int32 label.
"""

from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy

from runner.contract.blobs import blob, per_detection


class Times(NamedTuple):
    """What an image took, in ms. In a batch, each image has its share."""

    decode_ms: float = 0.0
    transfer_ms: float = 0.0
    forward_ms: float = 0.0
    encode_ms: float = 0.0


@dataclass(frozen=True)
class ImageDetections:
    """What a model found in one picture of n detections, in the model's own order.

    boxes (n, 4) float32, x1 y1 x2 y2 in pixels; scores (n,) float32; labels (n,) int32; masks, n counts of COCO's
    compressed run-length encoding; keypoints (n, k, 3) float32, x y and visibility; keypoint_scores (n, k) float32.
    """

    boxes: Any
    scores: Any
    labels: Any
    masks: Optional[List[bytes]] = None
    keypoints: Any = None
    keypoint_scores: Any = None


class Seen(NamedTuple):
    """What a model did with a picture on the way; None where it has no such step, or nobody could look.

    The size to which it was resized; the proposals of the first stage; the boxes that went into the last non-maximum
    suppression, and which of torchvision's two ways that took: "coordinate trick" or "vanilla". In passes of layout 3,
    the same of the suppression among proposals; the type of the numbers that its backbone returned; and the means of
    red, green and blue, 0..255, over a grid of what it was given.
    """

    resized_height: Optional[int] = None
    resized_width: Optional[int] = None
    proposals: Optional[int] = None
    candidates: Optional[int] = None
    nms_route: Optional[str] = None
    proposal_candidates: Optional[int] = None
    proposal_route: Optional[str] = None
    precision: Optional[str] = None
    channel_means: Optional[Tuple[float, ...]] = None


UNSEEN = Seen()


@dataclass(frozen=True)
class Row:
    """One image of a pass. One that could not be decoded has a failure and nothing else.

    exif_orientation is the file's, 1 to 8; where it is another than 1, exif_followed tells whether the reader turned
    the picture as it says.
    """

    image_id: int
    file: str
    times: Times
    failure: Optional[str] = None
    height: Optional[int] = None
    width: Optional[int] = None
    pixels_sha256: Optional[str] = None
    detections: Optional[ImageDetections] = None
    exif_orientation: Optional[int] = None
    exif_followed: Optional[bool] = None
    seen: Seen = UNSEEN


def columns(row: Row) -> List[Any]:
    """Return the columns of a row, all but its position."""
    detections = row.detections
    blobs: List[Optional[bytes]] = [None] * 6
    if detections is not None:
        blobs = [
            blob(detections.boxes, "<f4"),
            blob(detections.scores, "<f4"),
            blob(detections.labels, "<i4"),
            # The encoding's characters begin at '0'.
            None if detections.masks is None else b"\n".join(detections.masks),
            blob(detections.keypoints, "<f4"),
            blob(detections.keypoint_scores, "<f4"),
        ]
    picture = [row.image_id, row.file, row.failure, row.height, row.width, row.pixels_sha256]
    count = 0 if detections is None else len(detections.scores)
    *seen, means = row.seen
    turned = row.exif_orientation, row.exif_followed
    return [*picture, count, *row.times, *blobs, *turned, *seen, blob(means, "<f4")]


def from_columns(
    image_id: int,
    file: str,
    failure: Optional[str],
    height: Optional[int],
    width: Optional[int],
    pixels_sha256: Optional[str],
    n: int,
    *rest: Any,
) -> Row:
    """Return the row that lies in these columns."""
    means = None if rest[-1] is None else tuple(numpy.frombuffer(rest[-1], "<f4").tolist())
    times, blobs, (orientation, followed) = Times(*rest[:4]), rest[4:10], rest[10:12]
    seen = Seen(*rest[12:-1])._replace(channel_means=means)
    detections = None if blobs[0] is None else _detections(n, *blobs)
    turned = None if followed is None else bool(followed)
    return Row(image_id, file, times, failure, height, width, pixels_sha256, detections, orientation, turned, seen)


def _detections(
    n: int, boxes: bytes, scores: bytes, labels: bytes, masks: Optional[bytes], keypoints: Any, keypoint_scores: Any
) -> ImageDetections:
    return ImageDetections(
        boxes=numpy.frombuffer(boxes, "<f4").reshape(n, 4),
        scores=numpy.frombuffer(scores, "<f4"),
        labels=numpy.frombuffer(labels, "<i4"),
        masks=None if masks is None else masks.split(b"\n") if n else [],
        keypoints=per_detection(keypoints, n, 3),
        keypoint_scores=per_detection(keypoint_scores, n),
    )
