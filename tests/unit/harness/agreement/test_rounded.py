"""What is put down to rounding, where two builds of torch decide by whole pixels, and what is not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as run_lengths

from harness.agreement.compare import tally
from harness.agreement.parts import parts
from harness.agreement.sides import Sides
from harness.documents.agreement import Tolerances
from runner.contract import Thresholds
from runner.contract.rows import ImageDetections, Row, Seen, Times

TOLERANCES = Tolerances()
LIMITS = Thresholds(score=0.05, nms_iou=0.5, detections=100)
SIDES = Sides(("a", "b"), (None, None), (None, None), (LIMITS, LIMITS), stack="torch: 1.9.0 and 2.9.0")
#: A mask of this box is pasted into 20.0 to 50.0 pixels; of one a little wider into 19 to 50.
BOX = np.array([[21.0, 21.0, 49.0, 49.0]], "f4")
WIDER = BOX + np.array([[0, 0, 0.004, 0]], "f4")


def mask(columns: int) -> bytes:
    """Return a mask of so many columns of ten pixels."""
    pixels = np.zeros((100, 100), np.uint8, order="F")
    pixels[30:40, 25 : 25 + columns] = 1
    counts: Any = run_lengths.encode(pixels)["counts"]
    return bytes(counts)


def row(box: Any = BOX, **outlines: Any) -> Row:
    found = ImageDetections(box, np.array([0.9], "f4"), np.array([1], "i4"), **outlines)
    return Row(1, "1.jpg", Times(), None, 100, 100, "ab" * 32, found)


def posed(
    x: float, score: float, other: float = 5.0, also: float = 40.0, box: Any = BOX, scale: int = 2, jumping: int = 1
) -> Row:
    """Return a person of twelve keypoints in a picture that was made larger: some at x, the others at `also`."""
    places = [[x, 30.0, 1.0]] * jumping + [[also, 40.0, 1.0]] * (12 - jumping)
    heights = [score] * jumping + [other] * (12 - jumping)
    seen = Seen(resized_height=100 * scale, resized_width=100 * scale) if scale else Seen()
    found = row(box, keypoints=np.array([places], "f4"), keypoint_scores=np.array([heights], "f4"))
    return replace(found, seen=seen)


def named(one: Row, two: Row, sides: Sides = SIDES) -> list[tuple[list[str], bool]]:
    counted = tally([(one, two)], sides, TOLERANCES)
    return [(list(each.causes), each.unexplained) for each in parts(counted.looked, sides)]


@pytest.mark.parametrize(
    ("box", "columns", "expected"),
    [
        (WIDER, 12, (["rounding"], False)),  # it fills one more column of the picture
        (WIDER, 14, ([], True)),  # too many
        (BOX, 12, ([], True)),
        (BOX + np.float32(0.004), 12, ([], True)),  # pasted where it was
        (WIDER + np.float32(5), 10, ([], True)),  # too far for rounding
    ],
)
def test_a_mask_may_change_where_its_box_is_cut_to_other_pixels(
    box: Any, columns: int, expected: tuple[list[str], bool]
) -> None:
    assert named(row(masks=[mask(10)]), row(box, masks=[mask(columns)])) == [expected]


@pytest.mark.parametrize(
    ("x", "score", "other", "expected"),
    [
        (37.0, 6.0005, 5.0002, (["rounding"], False)),  # as high as where it was, as far as the other tells
        (30.2, 6.5, 5.0, (["rounding"], False)),
        (37.0, 6.2, 5.0, ([], True)),
        (37.0, 6.2, 5.1, (["rounding"], False)),  # the heights of this detection moved by more
        (37.0, 6.4, 5.1, ([], True)),
    ],
)
def test_a_keypoint_may_jump_to_a_place_that_is_as_likely(
    x: float, score: float, other: float, expected: tuple[list[str], bool]
) -> None:
    assert named(posed(30.0, 6.0), posed(x, score, other)) == [expected]


def test_keypoints_do_not_jump_together() -> None:
    assert named(posed(30.0, 6.0, jumping=2), posed(37.0, 6.0005, 5.0002, jumping=2)) == [([], True)]


def test_keypoints_that_all_moved_are_not_rounded_however_high_they_are() -> None:
    assert named(posed(30.0, 6.0), posed(32.0, 6.0001, 5.0001, also=42.0)) == [([], True)]


@pytest.mark.parametrize(
    ("width", "wider", "scale", "expected"),
    [
        (28.0, 0.004, 2, (["rounding"], False)),  # 56.008 pixels there, 57 whole ones, where 56 were
        (28.0, 0.004, 0, ([], True)),  # nobody noted in which size it was looked at
        (28.0, 0.0, 2, ([], True)),
        (28.2, 0.004, 2, ([], True)),
    ],
)
def test_keypoints_may_change_where_their_maps_were_resized_to_other_pixels(
    width: float, wider: float, scale: int, expected: tuple[list[str], bool]
) -> None:
    one, two = (np.array([[21.0, 21.0, 21.0 + width + more, 49.0]], "f4") for more in (0.0, wider))
    other = posed(37.0, 6.5, 5.5, also=43.0, box=two, scale=scale)
    assert named(posed(30.0, 6.0, box=one, scale=scale), other) == [expected]


def test_one_torch_rounds_in_one_way() -> None:
    same = replace(SIDES, stack=None)
    assert named(posed(30.0, 6.0), posed(30.2, 6.0), same) == [([], True)]
