"""Causes that leave a trace in the detections themselves, and can produce no other difference than that."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.agreement.circumstances import Evidence, same_proposals
from harness.agreement.matching import NOTHING, Indices, Matched, iou, taken_apart
from harness.agreement.sides import Sides
from harness.documents.agreement import Tolerances
from runner.contract import Thresholds
from runner.contract.rows import ImageDetections, Row

#: How far the coordinate trick may move an IoU: it adds up to a hundred thousand pixels to coordinates in float32.
TRICK_IOU = 0.02
#: How many tolerances of a score the tie at a cut-off may be wide, since what ties may come and go with its neighbour.
TIED = 10


@dataclass(frozen=True)
class Traces:
    """What of a picture's difference such causes explain: `evidence` of each, and whether that is all of it."""

    evidence: list[Evidence]
    whole: bool


@dataclass(frozen=True)
class _Lack:
    """The detections that one side has and the other lacks: their numbers `at`, and which side, 0 or 1, has them."""

    side: int
    own: ImageDetections
    beside: ImageDetections
    at: Indices

    @property
    def scores(self) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = self.own.scores[self.at].astype(np.float64)
        return scores


def traces(
    rows: tuple[Row, Row],
    matched: Matched,
    sides: Sides,
    nms: Evidence | None,
    tolerances: Tolerances,
) -> Traces:
    """Return which thresholds, routes of NMS or ties explain what each side has alone.

    `nms` is the circumstance of another route. None of them moves a box or changes a score: where a pair is further
    apart than the tolerances, each side has one detection that the other lacks.
    """
    one, two = (row.detections or NOTHING for row in rows)
    apart = taken_apart(matched, rows, tolerances)
    lacks = [_Lack(0, one, two, apart.unmatched_reference), _Lack(1, two, one, apart.unmatched_other)]
    left = [np.ones(len(lack.at), bool) for lack in lacks]
    found: list[Evidence] = []
    for evidence, explained in _tested(rows, lacks, sides, nms, tolerances):
        if any((some & many).any() for some, many in zip(explained, left, strict=True)):
            found.append(evidence)
            left = [many & ~some for some, many in zip(explained, left, strict=True)]
    lacking = bool(len(lacks[0].at) + len(lacks[1].at))
    return Traces(found, lacking and within(apart, tolerances) and not any(many.any() for many in left))


def within(matched: Matched, tolerances: Tolerances, *, outlines: bool = True) -> bool:
    """Tell whether what both sides have is within the tolerances; without `outlines`, its boxes and scores are."""
    boxes = matched.box_shift_px <= tolerances.box_px and matched.score_difference <= tolerances.score
    if not outlines:
        return boxes
    masks = matched.mask_iou is None or matched.mask_iou >= tolerances.mask_iou
    return boxes and masks and (matched.keypoint_shift_px or 0.0) <= tolerances.keypoint_px


Explained = list[NDArray[np.bool_]]


def _tested(
    rows: tuple[Row, Row], lacks: list[_Lack], sides: Sides, nms: Evidence | None, tolerances: Tolerances
) -> Iterator[tuple[Evidence, Explained]]:
    """Yield each cause in the order of a pass, and which of the lacking detections of each side it explains."""
    one, two = sides.thresholds
    if nms and same_proposals(*rows) and one and two:
        yield nms, _by_route(lacks, min(one.nms_iou, two.nms_iou), max(one.detections, two.detections))
    if one and two:
        if one.score != two.score:
            text = f"score threshold: {one.score:g} and {two.score:g}"
            yield Evidence("thresholds", text), [_below(lack, (one, two)) for lack in lacks]
        if one.detections != two.detections:
            text = f"detections an image: {one.detections} and {two.detections}"
            yield Evidence("thresholds", text), [_beyond(lack, (one, two), tolerances) for lack in lacks]
        yield Evidence("cut-off", _full(lacks, one, two)), [_tied(lack, (one, two), tolerances) for lack in lacks]


def _below(lack: _Lack, thresholds: tuple[Thresholds, Thresholds]) -> NDArray[np.bool_]:
    """Tell which scores lie below the other side's threshold."""
    own, other = (np.float32(thresholds[side].score) for side in (lack.side, 1 - lack.side))
    below: NDArray[np.bool_] = (lack.own.scores[lack.at] <= other) & (own < other)
    return below


def _beyond(lack: _Lack, thresholds: tuple[Thresholds, Thresholds], tolerances: Tolerances) -> NDArray[np.bool_]:
    """Tell which are no surer than the last that the other side has room for."""
    own, other = (thresholds[side].detections for side in (lack.side, 1 - lack.side))
    full = own > other and len(lack.beside.scores) >= other
    return lack.scores <= _last(lack.beside) + tolerances.score if full else np.zeros(len(lack.at), bool)


def _tied(lack: _Lack, thresholds: tuple[Thresholds, Thresholds], tolerances: Tolerances) -> NDArray[np.bool_]:
    """Tell which are nearly as sure as the last on the other side, where that is full."""
    full = len(lack.beside.scores) >= thresholds[1 - lack.side].detections
    if not full:
        return np.zeros(len(lack.at), bool)
    return np.abs(lack.scores - _last(lack.beside)) <= TIED * tolerances.score


def _full(lacks: list[_Lack], one: Thresholds, two: Thresholds) -> str:
    limits = one.detections, two.detections
    full = [lack.beside for lack in lacks if len(lack.beside.scores) >= limits[1 - lack.side]]
    return f"the last of a full image has the score {_last(full[0]):.4g}" if full else ""


def _last(of: ImageDetections) -> float:
    return float(of.scores.min(initial=np.inf))


def _by_route(lacks: list[_Lack], threshold: float, room: int) -> Explained:
    """Tell which may come and go as one route finds an overlap above the threshold and the other below.

    A detection is lacking on a side where a surer one of its class takes it away. That one overlaps it by about the
    threshold; or by more, and is lacking on the other side, for the same reason. In a full image the last ones lose
    their place to them.
    """
    taking = [_taking(lack, lack.beside) for lack in lacks]
    about = [np.hstack([each, _taking(lack, lack.own)]) for each, lack in zip(taking, lacks, strict=True)]
    explained = [_any(np.abs(each - threshold) <= TRICK_IOU) for each in about]
    while any(some.any() for some in explained):
        more = [
            some | _any(each[:, against.at[beside]] > threshold - TRICK_IOU)
            for some, each, against, beside in zip(explained, taking, lacks[::-1], explained[::-1], strict=True)
        ]
        if all(map(np.array_equal, more, explained)):
            return [some | _lost_place(lack, room) for some, lack in zip(explained, lacks, strict=True)]
        explained = more
    return explained


def _taking(lack: _Lack, others: ImageDetections) -> NDArray[np.float64]:
    """Return the IoU of each lacking detection with each of the others, 0 for those that can't take it away."""
    own = lack.own
    alike = own.labels[lack.at][:, None] == others.labels[None]
    surer = own.scores[lack.at][:, None] <= others.scores[None]
    return np.where(alike & surer, iou(own.boxes[lack.at], others.boxes), 0.0)


def _lost_place(lack: _Lack, room: int) -> NDArray[np.bool_]:
    """Tell which are no surer than the last that is beside, where that has no room for more."""
    lost: NDArray[np.bool_] = lack.scores <= (_last(lack.beside) if len(lack.beside.scores) >= room else -np.inf)
    return lost


def _any(told: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each row (n,) whether it holds of any of its columns."""
    return np.asarray(told.any(axis=1), bool)
