"""The detections of one image in two passes, matched one to one."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as run_lengths

from harness.documents.agreement import Tolerances, Verdict
from runner.contract import Thresholds
from runner.contract.rows import ImageDetections, Row

#: Below this overlap two boxes are of two objects.
LEAST_IOU = 0.5
#: Costs more than any number of pairs of one object do.
FORBIDDEN = 1e6
Indices = NDArray[np.intp]
NOTHING = ImageDetections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))


@dataclass(frozen=True)
class Matched:
    """How the detections of one image match: pairs (m, 2) of their numbers, and the numbers of those without a match.

    `borderline` more have none, but lie at a cut-off, and count neither for nor against.
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
    """Match the detections of one image. A picture that a pass could not read has none there."""
    one, two = reference.detections or NOTHING, other.detections or NOTHING
    if (reference.detections is None) != (other.detections is None):
        return Matched("different", np.empty((0, 2), np.intp), np.arange(len(one.scores)), np.arange(len(two.scores)))
    left, right = _bits(one), _bits(two)
    if left == right:
        return _exact("identical", one, np.arange(len(left)), np.arange(len(right)))
    first, second = sorted(range(len(left)), key=left.__getitem__), sorted(range(len(right)), key=right.__getitem__)
    if [left[number] for number in first] == [right[number] for number in second]:
        return _exact("reordered", one, np.array(first), np.array(second))
    pairs = _assigned(one, two, tolerances)
    lost, lost_at_cut_off = _unmatched(one, pairs[:, 0], two, thresholds, tolerances)
    new, new_at_cut_off = _unmatched(two, pairs[:, 1], one, thresholds, tolerances)
    return _judged(
        Matched("equal", pairs, lost, new, lost_at_cut_off + new_at_cut_off), (reference, other), (one, two), tolerances
    )


def near(matched: Matched, rows: tuple[Row, Row], tolerances: Tolerances) -> NDArray[np.bool_]:
    """Tell of which pairs (m,) boxes and scores are within the tolerances."""
    one, two = (row.detections or NOTHING for row in rows)
    left, right = matched.pairs.T
    within: NDArray[np.bool_] = _apart(one.boxes[left], two.boxes[right]).max(axis=1, initial=0.0) <= tolerances.box_px
    return within & (_apart(one.scores[left], two.scores[right]) <= tolerances.score)


def taken_apart(matched: Matched, rows: tuple[Row, Row], tolerances: Tolerances) -> Matched:
    """Return the match without the pairs that are not near: each is two detections that one side alone has."""
    one, two = (row.detections or NOTHING for row in rows)
    kept = near(matched, rows, tolerances)
    lost, new = matched.pairs[~kept].T
    rest = replace(
        matched,
        pairs=matched.pairs[kept],
        unmatched_reference=np.union1d(matched.unmatched_reference, lost),
        unmatched_other=np.union1d(matched.unmatched_other, new),
    )
    return _judged(rest, rows, (one, two), tolerances)


def _apart(one: NDArray[Any], two: NDArray[Any]) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = np.abs(one.astype(np.float64) - two)
    return apart


def _columns(detections: ImageDetections) -> list[NDArray[Any]]:
    """Return what is known of each of the n detections in numbers, each column as (n, values)."""
    columns = [detections.boxes, detections.scores, detections.labels, detections.keypoints, detections.keypoint_scores]
    return [column.reshape(len(column), prod(column.shape[1:])) for column in columns if column is not None]


def _bits(detections: ImageDetections) -> list[tuple[bytes, bytes]]:
    """Return each detection as the bytes of its numbers and of its mask: equal numbers may differ in their bits."""
    if not len(detections.scores):
        return []
    numbers = np.hstack([np.ascontiguousarray(column).view(np.uint8) for column in _columns(detections)])
    masks = [b""] * len(numbers) if detections.masks is None else detections.masks
    return list(zip(map(bytes, numbers), masks, strict=True))


def _exact(verdict: Verdict, detections: ImageDetections, first: Indices, second: Indices) -> Matched:
    none = np.empty(0, np.intp)
    return Matched(
        verdict,
        np.column_stack([first, second]),
        none,
        none,
        mask_iou=None if detections.masks is None else 1.0,
        keypoint_shift_px=None if detections.keypoints is None else 0.0,
    )


def _assigned(one: ImageDetections, two: ImageDetections, tolerances: Tolerances) -> Indices:
    """Return the pairs of one class and object, of all ways to pair them the one that costs least in all.

    A pair costs what its boxes do not share and how far its scores are apart (Kuhn, 1955). A detection with a number
    that is not finite is like no other.
    """
    from scipy.optimize import linear_sum_assignment  # only now: no run has to wait for it before its first cell

    pairs = [np.empty((0, 2), np.intp)]
    first, second = _finite(one), _finite(two)
    for label in np.intersect1d(one.labels, two.labels):
        left, right = np.flatnonzero(first & (one.labels == label)), np.flatnonzero(second & (two.labels == label))
        unlike = _unlikeness(one.boxes[left], two.boxes[right], tolerances.box_px)
        apart = np.abs(one.scores[left].astype(np.float64)[:, None] - two.scores[right])
        cost = np.where(unlike <= 1 - LEAST_IOU, unlike + apart, FORBIDDEN)
        rows, columns = linear_sum_assignment(cost)
        fits = cost[rows, columns] < FORBIDDEN
        pairs.append(np.column_stack([left[rows[fits]], right[columns[fits]]]))
    return np.concatenate(pairs)


def _unlikeness(one: NDArray[Any], two: NDArray[Any], tolerance_px: float) -> NDArray[np.float64]:
    """Return how unlike boxes (n, 4) and (m, 4) are, as (n, m): 1 - IoU, and next to nothing within the tolerance.

    A box without area, as one that was clipped to the border, has no IoU even with itself, and a thin one little with
    one beside it: coordinates alone tell that two of them are of one object.
    """
    apart = np.abs(one.astype(np.float64)[:, None] - two.astype(np.float64)[None]).max(axis=-1, initial=0.0)
    near = np.where(apart <= tolerance_px, (1 - LEAST_IOU) * apart / max(tolerance_px, 1e-9), 1.0)
    return np.minimum(1 - iou(one, two), near)


def _finite(detections: ImageDetections) -> NDArray[np.bool_]:
    finite: NDArray[np.bool_] = np.isfinite(np.hstack(_columns(detections))).all(axis=1)
    return finite


def iou(one: NDArray[Any], two: NDArray[Any]) -> NDArray[np.float64]:
    """Return the intersection over union (n, m) of boxes (n, 4) and (m, 4) given by their corners."""
    left, right = one.astype(np.float64)[:, None], two.astype(np.float64)[None]
    sides = np.minimum(left[..., 2:], right[..., 2:]) - np.maximum(left[..., :2], right[..., :2])
    shared = np.prod(np.maximum(sides, 0), axis=-1)
    areas = [np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1) for boxes in (left, right)]
    total = areas[0] + areas[1] - shared
    return np.where(total > 0, shared / np.where(total > 0, total, 1), 0.0)


def _unmatched(
    detections: ImageDetections,
    matched: Indices,
    beside: ImageDetections,
    thresholds: Thresholds | None,
    tolerances: Tolerances,
) -> tuple[Indices, int]:
    """Return the detections without a match in the other pass, and how many more may lack one for rounding alone."""
    left = np.setdiff1d(np.arange(len(detections.scores)), matched)
    clear = left[~_at_cut_off(detections.scores[left], beside, thresholds, tolerances.score)]
    return clear, len(left) - len(clear)


def _at_cut_off(
    scores: NDArray[Any], beside: ImageDetections, thresholds: Thresholds | None, tolerance: float
) -> NDArray[np.bool_]:
    """Tell which scores (n,) are so near to where the other pass cut off that rounding may have decided.

    They are those just above the threshold, and those next to the last of a full image. What lies below the threshold
    is there by another threshold, not by rounding. The models round before the sigmoid or softmax, which lets less of
    it through the nearer a score p is to 0 or 1: by its slope p (1 - p), at most 1/4.
    """
    if thresholds is None:
        return np.zeros(len(scores), bool)
    # Compared as the model compares them: a threshold in float32, too.
    lowest, exact = np.float32(thresholds.score), scores.astype(np.float64)
    near = (scores >= lowest) & (exact - lowest <= _slack(float(lowest), tolerance))
    if len(beside.scores) >= thresholds.detections:
        last = float(beside.scores.min())
        near |= np.abs(exact - last) <= _slack(last, tolerance)
    return near


def _slack(score: float, tolerance: float) -> float:
    """Return how far rounding may move a score: the whole tolerance at 1/2, less the nearer it is to 0 or 1."""
    return 4 * tolerance * score * (1 - score)


def _judged(
    matched: Matched, rows: tuple[Row, Row], both: tuple[ImageDetections, ImageDetections], tolerances: Tolerances
) -> Matched:
    """Return the match with its distances and verdict."""
    (one, two), (left, right) = both, matched.pairs.T
    shift, apart = _largest(one.boxes[left], two.boxes[right]), _largest(one.scores[left], two.scores[right])
    masks = keypoints = None
    if one.masks is not None and two.masks is not None:
        pairs = matched.pairs.tolist()
        masks = min([mask_iou((one.masks[i], two.masks[j]), rows) for i, j in pairs], default=1.0)
    if one.keypoints is not None and two.keypoints is not None:
        keypoints = _largest(one.keypoints[left][..., :2], two.keypoints[right][..., :2]) if len(left) else 0.0
    fits = (
        not len(matched.unmatched_reference)
        and not len(matched.unmatched_other)
        and shift <= tolerances.box_px
        and apart <= tolerances.score
        and (masks is None or masks >= tolerances.mask_iou)
        and (keypoints is None or keypoints <= tolerances.keypoint_px)
    )
    return replace(
        matched,
        verdict="equal" if fits else "different",
        box_shift_px=shift,
        score_difference=apart,
        mask_iou=masks,
        keypoint_shift_px=keypoints,
    )


def _largest(one: NDArray[Any], two: NDArray[Any]) -> float:
    return float(_apart(one, two).max(initial=0.0))


def mask_iou(masks: tuple[bytes, bytes], rows: tuple[Row, Row]) -> float:
    """Return the intersection over union of a mask of each row; 0 where the pictures were read in different sizes."""
    sizes = [(row.height, row.width) for row in rows]
    if sizes[0] != sizes[1]:
        return 0.0
    if masks[0] == masks[1]:
        return 1.0
    one, two = ([{"size": size, "counts": counts}] for size, counts in zip(sizes, masks, strict=True))
    shared: Any = run_lengths.iou(one, two, [0])  # type: ignore[arg-type]
    return float(shared[0, 0])
