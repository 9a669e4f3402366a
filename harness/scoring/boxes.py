"""How a detected box becomes COCO's x, y, width, height.

The rule decides AP for boxes alone. A mask is scored by its pixels and a pose by its keypoints, areas included.
"""

import numpy as np
from numpy.typing import NDArray

from runner.contract import BoxRule


def from_corners(corners: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return boxes (n, 4) of x1, y1, x2, y2 as x, y, width, height; exact where the corners were float32."""
    wide = corners.astype(np.float64)
    return np.hstack([wide[:, :2], wide[:, 2:] - wide[:, :2]])


def by_rule(boxes_xywh: NDArray[np.float64], rule: BoxRule) -> NDArray[np.float64]:
    """Return boxes (n, 4) of x, y, width, height in pixels, as the rule has them.

    `float` leaves them alone, as torchvision's reference does (references/detection/coco_eval.py). `truncate-int` cuts
    each of the four corner coordinates to an integer, towards zero, and takes width and height from the cut corners:
    so the detections published in 2021 were scored.
    """
    if rule == "float":
        return boxes_xywh
    return from_corners(np.trunc(np.hstack([boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]])))
