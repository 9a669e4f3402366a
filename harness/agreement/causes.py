"""Why each image of two passes differs: tested by what both recorded for it, in the order of a pass."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.agreement.circumstances import Evidence, circumstances, same_proposals
from harness.agreement.matching import Matched
from harness.agreement.sides import Sides
from harness.agreement.traces import traces, within
from harness.documents.agreement import ImageDifference, Tolerances
from harness.documents.causes import CAUSES, Cause
from runner.contract.rows import Row

#: Of the images that differ for rounding, which decides here and there in another way, most detections are alike.
MOSTLY = 0.5
#: So many tolerances rounding alone may move a box or a score where nothing was decided in another way.
SLIGHTLY = 3


@dataclass(frozen=True)
class Looked:
    """An image that was looked at: what happened to it, and whether that explains the difference, if there is one.

    `rounding` tells whether most detections are alike, as they are where sums were made in another order, and `slight`
    whether the others have a match, too, and are only a little further from it than the tolerances.
    """

    image_id: int
    evidence: list[Evidence]
    explained: bool
    rounding: bool = False
    slight: bool = False
    difference: ImageDifference | None = None

    @property
    def causes(self) -> list[Cause]:
        """The causes that were found in the image itself."""
        return list(dict.fromkeys(each.cause for each in self.evidence))


def look(
    rows: tuple[Row, Row],
    matched: Matched,
    difference: ImageDifference | None,
    sides: Sides,
    tolerances: Tolerances,
) -> Looked:
    """Return what made an image differ, if it does, as far as it tells by itself."""
    found = circumstances(*rows, sides)
    image_id = rows[0].image_id
    if difference is None:
        return Looked(image_id, found, explained=True)
    nms = next((each for each in found if each.cause == "nms"), None)
    enough = [each for each in found if each is not nms or not same_proposals(*rows)]
    traced = traces(rows, matched, sides, nms, tolerances)
    more = [each for each in traced.evidence if each.cause != "cut-off" or not enough]
    mostly = _mostly_alike(rows, matched, tolerances)
    return Looked(
        image_id,
        list(dict.fromkeys([*enough, *more])),
        explained=bool(enough) or traced.whole,
        rounding=mostly,
        slight=mostly and _slight(matched, tolerances),
        difference=difference,
    )


def _slight(matched: Matched, tolerances: Tolerances) -> bool:
    wider = Tolerances(
        box_px=SLIGHTLY * tolerances.box_px,
        score=SLIGHTLY * tolerances.score,
        mask_iou=1 - SLIGHTLY * (1 - tolerances.mask_iou),
        keypoint_px=SLIGHTLY * tolerances.keypoint_px,
    )
    lacking = len(matched.unmatched_reference) + len(matched.unmatched_other)
    return not lacking and within(matched, wider)


def _mostly_alike(rows: tuple[Row, Row], matched: Matched, tolerances: Tolerances) -> bool:
    one, two = (row.detections for row in rows)
    if one is None or two is None:
        return False
    left, right = matched.pairs.T
    near = np.abs(one.boxes[left].astype(np.float64) - two.boxes[right]).max(axis=1, initial=0.0) <= tolerances.box_px
    near &= np.abs(one.scores[left].astype(np.float64) - two.scores[right]) <= tolerances.score
    return bool(near.sum() >= MOSTLY * max(len(one.scores), len(two.scores)))


@dataclass(frozen=True)
class Attributed:
    """An image that differs, its causes in their order, and whether they explain the difference."""

    looked: Looked
    evidence: list[Evidence]
    explained: bool

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes in the order in which they are tested."""
        return tuple(sorted({each.cause for each in self.evidence}, key=CAUSES.index))


def attributed(every: Iterable[Looked], sides: Sides) -> list[Attributed]:
    """Return the images that differ with their causes, among them those that are of the passes as wholes.

    A difference of the passes as wholes is no cause where images that nothing else befell show none of it.
    """
    looked = list(every)
    acting = list(_acting(looked, sides))
    return [_with(each, acting, sides) for each in looked if each.difference]


def _acting(looked: list[Looked], sides: Sides) -> Iterable[Evidence]:
    """Yield what the passes differ in as wholes and what may make images differ."""
    untouched = [each for each in looked if not each.evidence]
    left = [each for each in looked if each.difference and not each.explained]
    if untouched and not left:
        return
    wide: dict[Cause, str | None] = {
        "precision": sides.precision,
        "thresholds": sides.cuts,
        "weights": sides.weights,
    }
    yield from (Evidence(cause, text) for cause, text in wide.items() if text)
    if sides.threads and (not untouched or any(each.rounding for each in left)):
        yield Evidence("threads", sides.threads)


def _with(looked: Looked, acting: Iterable[Evidence], sides: Sides) -> Attributed:
    more = [each for each in acting if each.cause != "threads" or looked.rounding]
    if looked.slight and sides.stack and not looked.explained and not more:
        more = [Evidence("rounding", sides.stack)]
    return Attributed(looked, [*looked.evidence, *more], looked.explained or bool(more))
