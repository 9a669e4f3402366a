"""Why each image of two passes differs: tested by what both recorded for it, in the order of a pass."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.agreement.circumstances import Evidence, circumstances, same_proposals
from harness.agreement.matching import Matched
from harness.agreement.rounded import mostly_alike, slight
from harness.agreement.sides import Sides
from harness.agreement.traces import traces
from harness.documents.agreement import ImageDifference, Tolerances
from harness.documents.causes import CAUSES, Cause
from runner.contract.rows import Row


@dataclass(frozen=True)
class Looked:
    """An image that was looked at: what happened to it, and whether that explains the difference, if there is one.

    `rounding` tells whether most detections are alike, as they are where sums were made in another order, and `slight`
    whether the others have a match, too, that is no further away than rounding may move it.
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
    mostly = mostly_alike(rows, matched, tolerances)
    return Looked(
        image_id,
        list(dict.fromkeys([*enough, *more])),
        explained=bool(enough) or traced.whole,
        rounding=mostly,
        slight=mostly and slight(rows, matched, tolerances),
        difference=difference,
    )


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
