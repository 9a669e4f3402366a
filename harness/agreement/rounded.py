"""What rounding alone may do to detections: a little to what both passes have, more where whole pixels are decided."""

import numpy as np
from numpy.typing import NDArray

from harness.agreement.matching import NOTHING, Matched, mask_iou, near
from harness.agreement.traces import within
from harness.documents.agreement import Tolerances
from runner.contract.rows import Row

#: Of the images that differ for rounding, which decides here and there in another way, most detections are alike.
MOSTLY = 0.5
#: So many tolerances rounding alone may move a box or a score where nothing was decided in another way.
SLIGHTLY = 3
#: How much larger than its box is what a mask of 28 x 28 is pasted into (torchvision's expand_masks, padding 1).
PASTED = 30 / 28
#: Two places of a heat map whose heights are no further apart than this are as likely, whatever else moved.
TIED = 0.001

Told = NDArray[np.bool_]


def mostly_alike(rows: tuple[Row, Row], matched: Matched, tolerances: Tolerances) -> bool:
    """Tell whether most detections of an image are alike."""
    one, two = (row.detections for row in rows)
    if one is None or two is None:
        return False
    return bool(near(matched, rows, tolerances).sum() >= MOSTLY * max(len(one.scores), len(two.scores)))


def slight(rows: tuple[Row, Row], matched: Matched, tolerances: Tolerances) -> bool:
    """Tell whether all detections have a match, which is no further away than rounding may move it.

    Masks may differ more where the box was cut to other whole pixels before it was filled, and keypoints where another
    place of the heat map is as high, within what rounding moved the heights of that detection's others.
    """
    wider = Tolerances(
        box_px=SLIGHTLY * tolerances.box_px,
        score=SLIGHTLY * tolerances.score,
        mask_iou=1 - SLIGHTLY * (1 - tolerances.mask_iou),
        keypoint_px=SLIGHTLY * tolerances.keypoint_px,
    )
    lacking = len(matched.unmatched_reference) + len(matched.unmatched_other)
    if lacking or not within(matched, wider, outlines=False):
        return False
    return bool(_masks(rows, matched, wider).all() and _keypoints(rows, matched, wider).all())


def _masks(rows: tuple[Row, Row], matched: Matched, wider: Tolerances) -> Told:
    """Tell of each pair whether rounding explains how its masks differ."""
    one, two = (row.detections or NOTHING for row in rows)
    if one.masks is None or two.masks is None:
        return np.ones(len(matched.pairs), bool)
    left, right = matched.pairs.T
    moved = (_pasted(one.boxes[left]) != _pasted(two.boxes[right])).any(axis=1)
    shared = [mask_iou((one.masks[i], two.masks[j]), rows) for i, j in matched.pairs.tolist()]
    explained: Told = moved | (np.array(shared) >= wider.mask_iou)
    return explained


def _pasted(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the whole pixels (n, 4) into which masks of these boxes are pasted, in the arithmetic of torchvision."""
    half = (boxes[:, 2:] - boxes[:, :2]) * np.float32(0.5) * np.float32(PASTED)
    centre = (boxes[:, 2:] + boxes[:, :2]) * np.float32(0.5)
    pixels: NDArray[np.float32] = np.trunc(np.hstack([centre - half, centre + half]))
    return pixels


def _keypoints(rows: tuple[Row, Row], matched: Matched, wider: Tolerances) -> Told:
    """Tell of each pair whether rounding explains how its keypoints differ."""
    one, two = (row.detections or NOTHING for row in rows)
    if one.keypoints is None or two.keypoints is None:
        return np.ones(len(matched.pairs), bool)
    left, right = matched.pairs.T
    apart = np.abs(one.keypoints[left, :, :2].astype(np.float64) - two.keypoints[right, :, :2]).max(axis=-1)
    close = apart <= wider.keypoint_px
    if one.keypoint_scores is not None and two.keypoint_scores is not None:
        heights = np.abs(one.keypoint_scores[left].astype(np.float64) - two.keypoint_scores[right])
        close |= heights <= np.maximum(TIED, np.where(close, heights, 0.0).max(axis=1, keepdims=True, initial=0.0))
    explained: Told = close.all(axis=1)
    return explained
