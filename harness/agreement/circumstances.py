"""What became of one picture on its way to the detections, in two passes: what may make it differ."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from harness.agreement.sides import Sides
from harness.documents.causes import Cause
from runner.contract.rows import Row

#: So far may decoders of JPEG be apart, of 255; and so much nearer exchanged channels have to be than those in order.
ROUNDED, NEARER = 3.0, 3.0
#: Means of the same pixels are no further apart than this, whatever the order of their sum.
SAME = 0.01
#: Numbers of boxes that differ by no more than this share are not what led NMS to another route.
AS_MANY = 0.01


class Evidence(NamedTuple):
    """A cause, and what both sides recorded that shows it."""

    cause: Cause
    text: str


def circumstances(one: Row, two: Row, sides: Sides) -> list[Evidence]:
    """Return what the two passes did otherwise with a picture before they detected in it, in that order.

    What either side did not record differs in nothing.
    """
    before = [*_pixels(one, two, sides), *_resized(one, two, sides)]
    left, right = one.seen.precision, two.seen.precision
    computed = [Evidence("precision", f"backbone: {left} and {right}")] if left and right and left != right else []
    return [*before, *_suppressed(one, two, sides), *computed]


def _pixels(one: Row, two: Row, sides: Sides) -> Iterator[Evidence]:
    if (one.failure is None) != (two.failure is None):
        yield Evidence("decoder", f"read by {sides.readers[one.failure is not None]} alone")
        return
    straight, exchanged = _apart(one, two)
    swapped = exchanged <= ROUNDED and NEARER * exchanged < straight
    if swapped:
        yield Evidence("channels", "the mean of red in one is that of blue in the other")
    if one.pixels_sha256 is None or two.pixels_sha256 is None or one.pixels_sha256 == two.pixels_sha256:
        return
    tag = one.exif_orientation if one.exif_orientation is not None else two.exif_orientation
    if bool(one.exif_followed) != bool(two.exif_followed):
        yield Evidence("exif", f"EXIF orientation {tag}, followed by {sides.readers[not one.exif_followed]} alone")
    elif not swapped or exchanged > SAME:
        yield Evidence("decoder", f"read by {sides.readers[0]} and {sides.readers[1]}")


def _apart(one: Row, two: Row) -> tuple[float, float]:
    """Return how far the channels' means of what the models were given are apart, of 255: in order, and exchanged.

    0 and infinity where they are unknown.
    """
    if one.seen.channel_means is None or two.seen.channel_means is None:
        return 0.0, np.inf
    left, right = np.array(one.seen.channel_means), np.array(two.seen.channel_means)
    return float(np.abs(left - right).max()), float(np.abs(left - right[::-1]).max())


def _resized(one: Row, two: Row, sides: Sides) -> Iterator[Evidence]:
    """Yield the sizes after resizing where they differ though those before do not; a turned picture's may be turned."""
    before = [sorted((row.height or 0, row.width or 0)) for row in (one, two)]
    after = [(row.seen.resized_height, row.seen.resized_width) for row in (one, two)]
    if before[0] != before[1] or None in (*after[0], *after[1]):
        return
    if sorted(map(int, filter(None, after[0]))) != sorted(map(int, filter(None, after[1]))):
        (height, width), (other_height, other_width) = after
        rules = f" by {sides.resize_rules[0]} and {sides.resize_rules[1]}" if all(sides.resize_rules) else ""
        text = f"{one.height} x {one.width} to {height} x {width} and {other_height} x {other_width}{rules}"
        yield Evidence("resize", text)


def _suppressed(one: Row, two: Row, sides: Sides) -> Iterator[Evidence]:
    """Yield the routes of NMS where they differ, unless they do since another number of boxes came there."""
    chosen = sides.nms_routes[0] != sides.nms_routes[1]
    for stage, (left, boxes), (right, others) in _routes(one, two):
        if None in (left, right, boxes, others) or left == right:
            continue
        if chosen or abs((boxes or 0) - (others or 0)) <= AS_MANY * max(boxes or 0, others or 0):
            yield Evidence("nms", f"{stage} by {left} of {boxes} boxes and {right} of {others}")
            return


def _routes(one: Row, two: Row) -> Iterator[tuple[str, tuple[str | None, int | None], tuple[str | None, int | None]]]:
    first, second = one.seen, two.seen
    yield (
        "proposals",
        (first.proposal_route, first.proposal_candidates),
        (second.proposal_route, second.proposal_candidates),
    )
    yield "detections", (first.nms_route, first.candidates), (second.nms_route, second.candidates)


def same_proposals(one: Row, two: Row) -> bool:
    """Tell whether proposals, if the model has any, were suppressed by one route."""
    return one.seen.proposal_route == two.seen.proposal_route


def resized_alike(one: Row, two: Row) -> bool | None:
    """Tell whether both passes resized a picture to one size; None where one did not record to which."""
    after = [(row.seen.resized_height, row.seen.resized_width) for row in (one, two)]
    return None if None in (*after[0], *after[1]) else after[0] == after[1]
