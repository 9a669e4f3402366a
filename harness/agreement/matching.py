"""The detections of one image in two passes, matched one to one."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as run_lengths
from scipy.optimize import linear_sum_assignment

from harness.agreement.documents import Tolerances, Verdict
from runner.contract import Thresholds
from runner.rows import Row

#: Below this overlap two boxes are of two objects.
LEAST_IOU = 0.5
#: Costs more than any number of pairs of one object do.
FORBIDDEN = 1e6
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Matched:
    """How the detections of one image match: pairs (m, 2) of their numbers, and the numbers of those without a match.

    Those in borderline_* lie at a cut-off and count neither for nor against.
    """

    verdict: Verdict
    pairs: Indices
    unmatched_reference: Indices
    unmatched_other: Indices
    borderline: int = 0
    box_shift_px: float = 0.0
    score_difference: float = 0.0
    mask_iou: float | None = None
    keypoint_shift_px: float | None = None


def match(reference: Row, other: Row, thresholds: Thresholds | None, tolerances: Tolerances) -> Matched:
    """Match the detections of one image. A picture that one pass could not read has none."""
    one, two = _columns(reference), _columns(other)
    none = np.empty(0, np.intp)
    if reference.failure != other.failure:
        return Matched("different", np.empty((0, 2), np.intp), np.arange(len(one[0])), np.arange(len(two[0])))
    if _same(one, two):
        return _exact("identical", one, np.column_stack([np.arange(len(one[0]))] * 2), none)
    first, second = _order(one), _order(two)
    if _same([column[first] for column in one], [column[second] for column in two]):
        return _exact("reordered", one, np.column_stack([first, second]), none)
    pairs = _assigned(one, two)
    cut = _cut_off(one, two, thresholds) + tolerances.score
    left, left_borderline = _unmatched(one, pairs[:, 0], cut)
    right, right_borderline = _unmatched(two, pairs[:, 1], cut)
    return _judged(
        Matched("equal", pairs, left, right, left_borderline + right_borderline), reference, other, tolerances
    )


def _columns(row: Row) -> list[NDArray[Any]]:
    """Return boxes, scores, labels, and masks and keypoints where the model makes them, as arrays of equal length."""
    found = row.found
    if found is None:
        return [np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32)]
    columns = [found.boxes, found.scores, found.labels]
    if found.masks is not None:
        columns.append(np.array(found.masks, object))
    if found.keypoints is not None:
        columns += [found.keypoints, found.keypoint_scores]
    return [column for column in columns if column is not None]


def _same(one: list[NDArray[Any]], two: list[NDArray[Any]]) -> bool:
    return len(one) == len(two) and all(map(np.array_equal, one, two))


def _order(columns: list[NDArray[Any]]) -> Indices:
    """Return the one order that does not depend on how equal scores were sorted."""
    boxes, scores, labels = columns[:3]
    return np.lexsort((*boxes.T, scores, labels))


def _exact(verdict: Verdict, columns: list[NDArray[Any]], pairs: Indices, none: Indices) -> Matched:
    has_masks = any(column.dtype == object for column in columns)
    has_keypoints = any(column.ndim == 3 for column in columns)
    return Matched(
        verdict,
        pairs,
        none,
        none,
        mask_iou=1.0 if has_masks else None,
        keypoint_shift_px=0.0 if has_keypoints else None,
    )


def _assigned(one: list[NDArray[Any]], two: list[NDArray[Any]]) -> Indices:
    """Return the pairs of one class whose boxes overlap, of all ways to pair them the one that costs least in all.

    A pair costs what its boxes do not share (1 - IoU) and how far its scores are apart (Kuhn, 1955).
    """
    pairs = [np.empty((0, 2), np.intp)]
    for label in np.intersect1d(one[2], two[2]):
        left, right = np.flatnonzero(one[2] == label), np.flatnonzero(two[2] == label)
        overlap = iou(one[0][left], two[0][right])
        apart = np.abs(one[1][left].astype(np.float64)[:, None] - two[1][right])
        cost = np.where(overlap >= LEAST_IOU, 1 - overlap + apart, FORBIDDEN)
        rows, columns = linear_sum_assignment(cost)
        fits = cost[rows, columns] < FORBIDDEN
        pairs.append(np.column_stack([left[rows[fits]], right[columns[fits]]]))
    return np.concatenate(pairs)


def iou(one: NDArray[Any], two: NDArray[Any]) -> NDArray[np.float64]:
    """Return the intersection over union (n, m) of boxes (n, 4) and (m, 4) given by their corners."""
    left, right = one.astype(np.float64)[:, None], two.astype(np.float64)[None]
    sides = np.minimum(left[..., 2:], right[..., 2:]) - np.maximum(left[..., :2], right[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    areas = [np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1) for boxes in (left, right)]
    total = areas[0] + areas[1] - shared
    return np.where(total > 0, shared / np.where(total > 0, total, 1), 0.0)


def _cut_off(one: list[NDArray[Any]], two: list[NDArray[Any]], thresholds: Thresholds | None) -> float:
    """Return the score below which one pass may lack a detection: the threshold's, or that of a full image's last."""
    if thresholds is None:
        return 0.0
    full = [float(columns[1].min()) for columns in (one, two) if len(columns[1]) >= thresholds.detections]
    return max([thresholds.score, *full])


def _unmatched(columns: list[NDArray[Any]], matched: Indices, cut: float) -> tuple[Indices, int]:
    """Return the detections without a match, and how many more there are at the cut-off."""
    left = np.setdiff1d(np.arange(len(columns[1])), matched)
    clear = left[columns[1][left] > cut]
    return clear, len(left) - len(clear)


def _judged(found: Matched, reference: Row, other: Row, tolerances: Tolerances) -> Matched:
    """Return the match with its distances and verdict."""
    one, two, (left, right) = reference.found, other.found, found.pairs.T
    if one is None or two is None:
        return found
    shift, apart = _largest(one.boxes[left], two.boxes[right]), _largest(one.scores[left], two.scores[right])
    masks = keypoints = None
    if one.masks is not None and two.masks is not None:
        masks = min([mask_iou(one.masks[i], two.masks[j], reference) for i, j in found.pairs.tolist()], default=1.0)
    if one.keypoints is not None and two.keypoints is not None:
        keypoints = _largest(one.keypoints[left][..., :2], two.keypoints[right][..., :2])
    fits = (
        not len(found.unmatched_reference)
        and not len(found.unmatched_other)
        and shift <= tolerances.box_px
        and apart <= tolerances.score
        and (masks is None or masks >= tolerances.mask_iou)
        and (keypoints is None or keypoints <= tolerances.keypoint_px)
    )
    return replace(
        found,
        verdict="equal" if fits else "different",
        box_shift_px=shift,
        score_difference=apart,
        mask_iou=masks,
        keypoint_shift_px=keypoints,
    )


def _largest(one: NDArray[Any], two: NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float64) - two).max(initial=0.0))


def mask_iou(one: bytes, two: bytes, row: Row) -> float:
    """Return the intersection over union of two masks of the row's picture."""
    if one == two:
        return 1.0
    pair: Any = [[{"size": [row.height, row.width], "counts": counts}] for counts in (one, two)]
    shared: Any = run_lengths.iou(pair[0], pair[1], [0])
    return float(shared[0, 0])
