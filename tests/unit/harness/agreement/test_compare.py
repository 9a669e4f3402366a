"""Passes compared on synthetic pairs whose answers are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as run_lengths

from harness.agreement.compare import tally, worst
from harness.agreement.matching import Matched, iou, match
from harness.agreement.precision import difference
from harness.agreement.sides import Sides
from harness.documents.agreement import Tolerances
from harness.scoring.detections import Detected
from harness.scoring.evaluate import evaluation_of
from harness.scoring.interval import average_precision, draw
from runner.contract import Thresholds
from runner.contract.rows import ImageDetections, Row, Times
from tests.unit.harness.scoring_sets import random_set

LIMITS = Thresholds(score=0.05, nms_iou=0.5, detections=100)
TOLERANCES = Tolerances()
unhurried = settings(deadline=None, max_examples=60)


def detections(boxes: Any, scores: Any, labels: Any = None, **more: Any) -> ImageDetections:
    n = len(scores)
    columns = np.array(boxes, "f4").reshape(n, 4), np.array(scores, "f4"), np.array(labels or [1] * n, "i4")
    return ImageDetections(*columns, **more)


def sides(limits: Thresholds | None = LIMITS, other: Thresholds | None = None, **more: Any) -> Sides:
    plain = Sides(("one", "two"), (None, None), (None, None), (limits, other or limits))
    return replace(plain, **more)


def row(of: ImageDetections | None, file: str = "a.jpg", **changes: Any) -> Row:
    return replace(Row(1, file, Times(), None, 100, 100, "ab" * 32, of), **changes)


def matched(one: ImageDetections, two: ImageDetections, limits: Thresholds | None = LIMITS) -> Matched:
    return match(row(one), row(two), limits, TOLERANCES)


BOXES = [[0, 0, 10, 10], [20, 20, 40, 40], [50, 50, 90, 90]]
SOME = detections(BOXES, [0.9, 0.8, 0.7], [1, 2, 1])


def changed(of: ImageDetections, **changes: Any) -> ImageDetections:
    return replace(of, **changes)


def test_the_same_bits_are_identical() -> None:
    result = matched(SOME, detections(BOXES, [0.9, 0.8, 0.7], [1, 2, 1]))
    assert (result.verdict, result.box_shift_px, result.pairs.tolist()) == ("identical", 0.0, [[0, 0], [1, 1], [2, 2]])


def test_no_detections_on_either_side_are_identical() -> None:
    assert matched(detections([], []), detections([], [])).verdict == "identical"


def test_another_order_is_reordered() -> None:
    other = detections(BOXES[::-1], [0.7, 0.8, 0.9], [1, 2, 1])
    result = matched(SOME, other)
    assert result.verdict == "reordered"
    assert {tuple(pair) for pair in result.pairs.tolist()} == {(0, 2), (1, 1), (2, 0)}


def test_a_small_shift_is_equal_and_a_large_one_different() -> None:
    near = changed(SOME, boxes=SOME.boxes + np.float32(0.05), scores=SOME.scores - np.float32(0.0005))
    result = matched(SOME, near)
    assert result.verdict == "equal"
    assert result.box_shift_px == pytest.approx(0.05, abs=1e-5)
    assert result.score_difference == pytest.approx(0.0005, abs=1e-6)
    assert matched(SOME, changed(SOME, boxes=SOME.boxes + np.float32(0.2))).verdict == "different"
    assert matched(SOME, changed(SOME, scores=SOME.scores - np.float32(0.01))).verdict == "different"


def test_another_class_is_another_object() -> None:
    result = matched(SOME, changed(SOME, labels=np.array([1, 3, 1], "i4")))
    assert (result.unmatched_reference.tolist(), result.unmatched_other.tolist()) == ([1], [1])


def test_an_assignment_finds_pairs_that_a_greedy_search_misses() -> None:
    """Box 0 overlaps other 0 most, but that is all that box 1 can match: a greedy search would leave box 1 alone."""
    one = detections([[0, 0, 10, 10], [0, 0, 10, 16]], [0.9, 0.9])
    two = detections([[0, 0, 10, 11], [0, 0, 10, 6]], [0.9, 0.9])
    overlap = iou(one.boxes, two.boxes)
    assert overlap[0].argmax() == 0
    assert overlap[1, 1] < 0.5 <= overlap[0, 1]
    result = matched(one, two)
    assert sorted(result.pairs.tolist()) == [[0, 1], [1, 0]]


def test_what_is_missing_beside_the_score_threshold_is_borderline() -> None:
    more = detections([*BOXES, [60, 0, 80, 10]], [0.9, 0.8, 0.7, 0.0501], [1, 2, 1, 1])
    result = matched(SOME, more)
    assert (result.verdict, result.borderline, result.unmatched_other.tolist()) == ("equal", 1, [])
    clear = detections([*BOXES, [60, 0, 80, 10]], [0.9, 0.8, 0.7, 0.06], [1, 2, 1, 1])
    assert matched(SOME, clear).unmatched_other.tolist() == [3]


def test_a_low_threshold_leaves_as_much_less_to_rounding() -> None:
    """Else one of 0.001, as SSDlite's, could be doubled and the passes still agree."""
    low = replace(LIMITS, score=0.001)
    more = detections([*BOXES, [60, 0, 80, 10], [0, 60, 20, 80]], [0.9, 0.8, 0.7, 0.001002, 0.0015], [1, 2, 1, 1, 1])
    result = matched(SOME, more, low)
    assert (result.verdict, result.borderline, result.unmatched_other.tolist()) == ("different", 1, [4])


def test_what_is_missing_at_the_end_of_a_full_image_is_borderline() -> None:
    full = replace(LIMITS, detections=3)
    other = detections([*BOXES[:2], [60, 0, 80, 10]], [0.9, 0.8, 0.7005], [1, 2, 1])
    result = matched(SOME, other, full)
    assert (result.verdict, result.borderline) == ("equal", 2)
    assert matched(SOME, other, LIMITS).verdict == "different"


def test_what_lies_below_the_threshold_is_not_borderline() -> None:
    """Else a pass with a lowered threshold would agree, whatever it found more."""
    more = detections([*BOXES, [60, 0, 80, 10], [0, 60, 20, 80]], [0.9, 0.8, 0.7, 0.0495, 0.01], [1, 2, 1, 1, 1])
    result = matched(SOME, more)
    assert (result.verdict, result.borderline, result.unmatched_other.tolist()) == ("different", 0, [3, 4])


def test_the_threshold_is_float32_as_the_model_s_is() -> None:
    """The float32 next to 0.2 may lie above it or, as that next to 0.7 does, below."""
    for score in (0.2, 0.7):
        more = detections([*BOXES, [60, 0, 80, 10]], [0.9, 0.8, 0.75, score], [1, 2, 1, 1])
        fewer = detections(BOXES, [0.9, 0.8, 0.75], [1, 2, 1])
        assert matched(fewer, more, replace(LIMITS, score=score)).borderline == 1


def test_a_raised_limit_of_detections_differs() -> None:
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(6)]
    scores = [0.9, 0.8, 0.7, 0.6995, 0.5, 0.4]
    result = matched(detections(boxes[:3], scores[:3]), detections(boxes, scores), replace(LIMITS, detections=3))
    assert (result.verdict, result.borderline, result.unmatched_other.tolist()) == ("different", 1, [4, 5])


def test_only_a_pass_that_is_full_may_lack_the_last_of_the_other() -> None:
    full = replace(LIMITS, detections=3)
    result = matched(SOME, detections(BOXES[:2], [0.9, 0.8], [1, 2]), full)
    assert (result.verdict, result.borderline, result.unmatched_reference.tolist()) == ("different", 0, [2])


def test_an_image_that_one_side_could_not_read_differs() -> None:
    unread = row(None, failure="the file breaks off")
    assert match(row(SOME), unread, LIMITS, TOLERANCES).verdict == "different"
    assert match(unread, row(detections([], [])), LIMITS, TOLERANCES).verdict == "different"


def test_what_neither_side_could_read_agrees_whatever_its_reader_calls_it() -> None:
    unread, too = row(None, failure="OpenCV does not read it"), row(None, failure="cannot identify image file")
    assert match(unread, too, LIMITS, TOLERANCES).verdict == "identical"


EDGES = [[0, 5, 0, 20], [0, 40, 0, 60], [3, 100, 9, 100], [100, 100, 100, 100]]
SLIVERS = [[0, 5, 0.004, 20], [30, 40, 30.02, 60], [3, 50, 9, 50.01], [70, 70, 70.01, 70.01]]


@pytest.mark.parametrize("boxes", [EDGES, SLIVERS])
@pytest.mark.parametrize("shift", [0.0, 0.01, 0.05])
def test_boxes_without_area_are_matched_by_their_coordinates(boxes: Any, shift: float) -> None:
    one = detections([*boxes, *BOXES], [0.9] * 7)
    moved = one.boxes[::-1] + np.array([0, shift, 0, shift], "f4")
    result = matched(one, detections(moved, [0.9001] * 7))
    assert (result.verdict, len(result.pairs)) == ("equal", 7)
    assert sorted(map(tuple, result.pairs.tolist())) == [(i, 6 - i) for i in range(7)]
    assert result.box_shift_px == pytest.approx(shift, abs=1e-5)


def test_a_box_that_lost_its_area_by_rounding_is_matched() -> None:
    assert matched(detections([[0, 5, 0, 20]], [0.9]), detections([[0, 5, 0.003, 20]], [0.9])).verdict == "equal"


def test_boxes_without_area_elsewhere_are_of_other_objects() -> None:
    result = matched(detections([[0, 5, 0, 20]], [0.9]), detections([[0, 5.3, 0, 20.3]], [0.9]))
    assert (result.verdict, len(result.pairs)) == ("different", 0)
    other = matched(detections([[0, 5, 0, 20]], [0.9], [1]), detections([[0, 5, 0, 20]], [0.9], [2]))
    assert (other.verdict, len(other.pairs)) == ("different", 0)


def test_a_tolerance_of_nothing_matches_equal_boxes_without_area() -> None:
    one, two = detections([[0, 5, 0, 20]], [0.9]), detections([[0, 5, 0, 20]], [0.9001])
    assert match(row(one), row(two), LIMITS, Tolerances(box_px=0.0)).verdict == "equal"


NAN = changed(SOME, scores=np.array([np.nan, 0.8, 0.7], "f4"))


def test_bits_are_compared_and_not_numbers() -> None:
    assert matched(NAN, NAN).verdict == "identical"
    assert (
        matched(SOME, changed(SOME, boxes=np.where(SOME.boxes == 0, np.float32(-0.0), SOME.boxes))).verdict == "equal"
    )


@pytest.mark.parametrize("column", ["boxes", "scores", "keypoints"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_like_nothing_and_leaves_the_figures_finite(column: str, value: float) -> None:
    posed = changed(SOME, keypoints=np.ones((3, 17, 3), "f4"), keypoint_scores=np.ones((3, 17), "f4"))
    broken = getattr(posed, column).copy()
    broken[0] = value
    result = matched(posed, changed(posed, **{column: broken}))
    assert (result.unmatched_reference.tolist(), result.unmatched_other.tolist()) == ([0], [0])
    assert (result.box_shift_px, result.score_difference, result.keypoint_shift_px) == (0.0, 0.0, 0.0)


def encoded(width: int) -> bytes:
    pixels = np.zeros((100, 100), np.uint8, order="F")
    pixels[:50, :width] = 1
    rle: Any = run_lengths.encode(pixels)
    return bytes(rle["counts"])


@pytest.mark.parametrize(("width", "verdict"), [(100, "identical"), (99, "equal"), (90, "different")])
def test_masks_must_overlap(width: int, verdict: str) -> None:
    one, two = (detections([[0, 0, 100, 50]], [0.9], masks=[encoded(w)]) for w in (100, width))
    result = matched(one, two)
    assert result.verdict == verdict
    assert result.mask_iou == pytest.approx(width / 100)


def test_equal_boxes_whose_masks_changed_places_are_reordered() -> None:
    twice = [[0, 0, 100, 50]] * 2
    one, two = (detections(twice, [0.9, 0.9], masks=[encoded(a), encoded(b)]) for a, b in ((10, 90), (90, 10)))
    assert (matched(one, two).verdict, matched(one, two).mask_iou) == ("reordered", 1.0)


def test_masks_of_a_picture_that_was_turned_have_nothing_in_common() -> None:
    one, two = (detections([[0, 0, 100, 50]], [score], masks=[encoded(100)]) for score in (0.9, 0.9001))
    result = match(row(one, width=200), row(two, height=200), LIMITS, TOLERANCES)
    assert (result.verdict, result.mask_iou) == ("different", 0.0)


def test_the_worst_of_images_that_differ_by_their_masks_alone_come_first() -> None:
    whole, *others = (detections([[0, 0, 100, 50]], [0.9], masks=[encoded(width)]) for width in (100, 90, 50))
    pairs = [(row(whole), row(each, f"{i}.jpg")) for i, each in enumerate(others)]
    counted = tally(pairs, sides(), TOLERANCES)
    differences = [each.difference for each in counted.looked if each.difference]
    assert [each.mask_iou for each in worst(differences)] == pytest.approx([0.5, 0.9])


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "identical"), (0.05, "equal"), (2.0, "different")])
def test_keypoints_must_be_near(shift: float, verdict: str) -> None:
    points = np.full((1, 17, 3), 5.0, "f4")
    scores = np.ones((1, 17), "f4")
    moved = points + np.array([shift, 0, 0], "f4")
    one, two = (detections([[0, 0, 9, 9]], [0.9], keypoints=each, keypoint_scores=scores) for each in (points, moved))
    result = matched(one, two)
    assert result.verdict == verdict
    assert result.keypoint_shift_px == pytest.approx(shift, abs=1e-5)


@st.composite
def some(draw_from: st.DrawFn) -> ImageDetections:
    n = draw_from(st.integers(0, 12))
    random = np.random.default_rng(draw_from(st.integers(0, 9999)))
    corners = random.integers(0, 50, (n, 2)).astype("f4")
    boxes = np.hstack([corners, corners + random.integers(1, 50, (n, 2))])
    return detections(boxes, random.integers(1, 5, n) / 5, random.integers(1, 4, n).tolist())


@unhurried
@given(some(), st.randoms(use_true_random=False))
def test_a_permutation_never_differs(of: ImageDetections, random: Any) -> None:
    order = list(range(len(of.scores)))
    random.shuffle(order)
    result = matched(of, detections(of.boxes[order], of.scores[order], of.labels[order].tolist()))
    assert result.verdict in ("identical", "reordered")


@unhurried
@given(some(), some())
def test_both_directions_agree(one: ImageDetections, two: ImageDetections) -> None:
    there, back = matched(one, two), matched(two, one)
    assert there.verdict == back.verdict
    assert len(there.unmatched_reference) == len(back.unmatched_other)
    assert len(there.pairs) == len(back.pairs)
    assert there.borderline == back.borderline


@unhurried
@given(some(), st.floats(0.001, 0.09))
def test_a_jitter_within_the_tolerance_is_equal_at_most(of: ImageDetections, shift: float) -> None:
    large = replace(of, boxes=of.boxes * 4)  # so that the shift is small to every box
    moved = replace(large, boxes=large.boxes + np.float32(shift))
    assert match(row(large), row(moved), None, TOLERANCES).verdict in ("identical", "equal")


def test_a_pass_is_as_good_as_its_worst_image_and_names_the_worst_three() -> None:
    moved = [changed(SOME, boxes=SOME.boxes + np.float32(shift)) for shift in (0.0, 0.05, 0.2, 0.9, 0.4, 0.3)]
    one = [row(SOME, f"{i}.jpg") for i in range(6)]
    two = [row(each, f"{i}.jpg", pixels_sha256="cd" * 32 if i == 1 else "ab" * 32) for i, each in enumerate(moved)]
    counted = tally(zip(one, two, strict=True), sides(), TOLERANCES)
    assert (counted.verdict, counted.images, counted.different, counted.pixels_different) == ("different", 6, 4, 1)
    differences = [each.difference for each in counted.looked if each.difference]
    assert [found.file for found in worst(differences)] == ["3.jpg", "4.jpg", "5.jpg"]
    assert counted.box_shift_px == pytest.approx(0.9, abs=1e-5)
    assert tally(zip(one[:2], two[:2], strict=True), sides(), TOLERANCES).verdict == "equal"


def test_the_paired_interval_is_of_the_same_images_on_both_sides() -> None:
    truth, one = random_set(3, images=12, objects=40, detections=120, categories=3)
    two = Detected(one.image_ids, one.category_ids, one.scores[::-1].copy(), boxes_xywh=one.boxes_xywh)
    change = difference(truth, one, two, "bbox", resamples=200)
    matches = [evaluation_of(truth, each, "bbox", "float", "hotcoco").matches for each in (one, two)]
    drawn = draw(12, 200)
    sides = [[float(average_precision(each, drawn[i : i + 1])[0]) for i in range(200)] for each in matches]
    low, high = np.nanpercentile(np.subtract(sides[1], sides[0]), [2.5, 97.5])
    assert (change.low, change.high) == pytest.approx((low, high), abs=1e-12)


def test_equal_passes_have_no_difference_of_ap_at_all() -> None:
    truth, one = random_set(4, images=12, objects=40, detections=120, categories=3)
    change = difference(truth, one, one, "bbox", resamples=100)
    assert (change.difference, change.low, change.high) == (0.0, 0.0, 0.0)
