"""What rounding alone may do to detections: a little to what both passes have, more where whole pixels are decided."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pycocotools import mask as run_lengths

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
#: A mask that is pasted a pixel further, or is a pixel wider, ends so many away at most, since its own are whole, too.
ELSEWHERE = 2
#: No more than this share of an image's keypoints jumps, since places that are as high within rounding are seldom.
SELDOM = 0.1
#: By so many pixels the size of a box in the resized picture is unsure, since it is recorded in the picture's own.
UNSURE = 0.001

Told = NDArray[np.bool_]


def mostly_alike(rows: tuple[Row, Row], matched: Matched, tolerances: Tolerances) -> bool:
    """Tell whether most detections of an image are alike."""
    one, two = (row.detections for row in rows)
    if one is None or two is None:
        return False
    return bool(near(matched, rows, tolerances).sum() >= MOSTLY * max(len(one.scores), len(two.scores)))


def slight(rows: tuple[Row, Row], matched: Matched, tolerances: Tolerances) -> bool:
    """Tell whether all detections have a match, which is no further away than rounding may move it.

    Masks may differ by a pixel or two where the box was cut to other whole pixels before it was filled, and keypoints
    in any way where their heat maps were resized to other whole pixels. A keypoint here and there may be where its heat
    map is as high, by what rounding moved the heights of most of that detection.
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
    told = []
    for elsewhere, (i, j) in zip(moved.tolist(), matched.pairs.tolist(), strict=True):
        masks = one.masks[i], two.masks[j]
        told.append(mask_iou(masks, rows) >= wider.mask_iou or (elsewhere and _beside(masks, rows)))
    return np.array(told, bool)


def _beside(masks: tuple[bytes, bytes], rows: tuple[Row, Row]) -> bool:
    """Tell whether all of each mask is no further from the other than pasting it elsewhere moves it."""
    sizes = [(row.height, row.width) for row in rows]
    if sizes[0] != sizes[1]:
        return False
    coded: Any = [{"size": size, "counts": counts} for size, counts in zip(sizes, masks, strict=True)]
    one, two = (run_lengths.decode(each) > 0 for each in coded)
    return not np.any(one & ~_spread(two)) and not np.any(two & ~_spread(one))


def _spread(mask: Told) -> Told:
    """Return the mask (h, w) with the pixels around it."""
    around = sliding_window_view(np.pad(mask, ELSEWHERE), (2 * ELSEWHERE + 1,) * 2)
    return np.asarray(around.any(axis=(2, 3)), bool)


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
    otherwise = _mapped_otherwise(one.boxes[left], two.boxes[right], rows)
    seldom = np.sum(~close & ~otherwise[:, None]) <= SELDOM * close.size
    tied = np.zeros_like(close)
    if one.keypoint_scores is not None and two.keypoint_scores is not None and seldom:
        heights = np.abs(one.keypoint_scores[left].astype(np.float64) - two.keypoint_scores[right])
        moved = np.where(close, heights, 0.0).max(axis=1, keepdims=True, initial=0.0)
        tied = (heights <= SLIGHTLY * moved) & (close.mean(axis=1, keepdims=True) >= MOSTLY)
    explained: Told = (close | tied).all(axis=1) | otherwise
    return explained


def _mapped_otherwise(one: NDArray[np.float32], two: NDArray[np.float32], rows: tuple[Row, Row]) -> Told:
    """Tell of which boxes (n, 4) the heat maps were resized to another number of whole pixels.

    As many as the box is large in the resized picture, rounded up, at least one (torchvision's heatmaps_to_keypoints).
    """
    scale, other_scale = (_scale(row) for row in rows)
    if scale is None or other_scale is None:
        return np.zeros(len(one), bool)
    sides = (one, scale), (two, other_scale)
    sizes = [np.maximum((boxes[:, 2:] - boxes[:, :2]) * times, 1.0) for boxes, times in sides]
    least, most = np.ceil(np.minimum(*sizes) - UNSURE), np.ceil(np.maximum(*sizes) + UNSURE)
    otherwise: Told = ((least != most) & (sizes[0] != sizes[1])).any(axis=1)
    return otherwise


def _scale(row: Row) -> NDArray[np.float64] | None:
    """Return by how much the picture was made wider and higher, None where that is unknown."""
    sizes = row.width, row.height, row.seen.resized_width, row.seen.resized_height
    return None if None in sizes or 0 in sizes else np.array(sizes[2:], np.float64) / np.array(sizes[:2])
