"""Planted causes: each is named, none is taken for another, and what no cause produced stays unexplained."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from harness.agreement.causes import look
from harness.agreement.compare import agreement, tally
from harness.agreement.matching import match
from harness.agreement.parts import parts
from harness.agreement.sides import Sides, sides_of
from harness.documents.agreement import Agreement, PassName, Tolerances
from harness.documents.run_folder import Cell
from runner.contract import Dataset, ModelSpec, Thresholds, Variant, Weights
from runner.contract.rows import ImageDetections, Row, Seen, Times
from tests.samples import job, ok_result, software

LIMITS = Thresholds(score=0.05, nms_iou=0.5, detections=100)
TOLERANCES = Tolerances()
IMAGES = 10
SEEN = Seen(800, 1200, 1000, 2000, "vanilla", 4000, "vanilla", "float32", (90.0, 120.0, 60.0))
DATASET = Dataset("some", "0" * 64, [1], list(range(IMAGES)), [f"{i}.jpg" for i in range(IMAGES)])


def found(seed: int, n: int = 30) -> ImageDetections:
    """Return detections of one class that do not overlap, in falling order of their scores."""
    random = np.random.default_rng(seed)
    corners = np.stack([np.arange(n) * 20, random.integers(0, 400, n)], 1).astype("f4")
    scores = np.sort(random.uniform(0.2, 0.99, n).astype("f4"))[::-1]
    return ImageDetections(np.hstack([corners, corners + 15]), scores, np.ones(n, "i4"))


def pictures() -> list[Row]:
    return [Row(i, f"{i}.jpg", Times(), None, 427, 640, f"{i:064}", found(i), seen=SEEN) for i in range(IMAGES)]


def cell(**changes: Any) -> Cell:
    switches = {"matmul_precision": "highest", "default_dtype": "torch.float32", "cudnn_benchmark": "False"}
    spec = ModelSpec("fasterrcnn_resnet50_fpn", Weights("random", seed=0), LIMITS)
    of = job(suite="accuracy", dataset=DATASET, images=[], **{"model": spec, **changes.pop("job", {})})
    stack = software(numerics={**switches, **changes.pop("numerics", {})}, **changes.pop("software", {}))
    return Cell(of, ok_result(of, latency=None, software=stack, **changes), None)


def judged(two: Sequence[Row], other: Cell | None = None, one: Sequence[Row] = ()) -> Agreement:
    sides = sides_of(cell(), other or cell())
    counted = tally(zip(one or pictures(), two, strict=True), sides, TOLERANCES)
    name = PassName("run", "cell", "local")
    return agreement(counted, job(), name, name, TOLERANCES, parts(counted.looked, sides))


def causes(of: Agreement) -> list[tuple[list[str], bool, int]]:
    return [(list(each.causes), each.unexplained, each.images) for each in of.parts or [] if each.images]


def on(numbers: Sequence[int], change: Callable[[Row], Row]) -> list[Row]:
    return [change(row) if row.image_id in numbers else row for row in pictures()]


def moved(row: Row, by: float = 3.0) -> Row:
    of = row.detections
    assert of is not None
    return replace(row, detections=replace(of, boxes=of.boxes + np.float32(by)))


def fewer(row: Row, *numbers: int) -> Row:
    of = row.detections
    assert of is not None
    left = [i for i in range(len(of.scores)) if i not in numbers]
    return replace(row, detections=ImageDetections(of.boxes[left], of.scores[left], of.labels[left]))


def decoded(row: Row) -> Row:
    red, green, blue = row.seen.channel_means or (0, 0, 0)
    return replace(moved(row), pixels_sha256="f" * 64, seen=row.seen._replace(channel_means=(red + 0.5, green, blue)))


def exchanged(row: Row) -> Row:
    red, green, blue = row.seen.channel_means or (0, 0, 0)
    return replace(moved(row), seen=row.seen._replace(channel_means=(blue, green, red)))


def halved(row: Row) -> Row:
    return replace(moved(row), seen=row.seen._replace(precision="bfloat16"))


def turned(row: Row) -> Row:
    seen = row.seen._replace(resized_height=row.seen.resized_width, resized_width=row.seen.resized_height)
    changes: dict[str, Any] = {"height": 640, "width": 427, "pixels_sha256": "f" * 64}
    return replace(moved(row), **changes, seen=seen, exif_orientation=6, exif_followed=True)


def resized(row: Row) -> Row:
    return replace(moved(row), seen=row.seen._replace(resized_height=(row.seen.resized_height or 0) - 1))


def other_proposals(row: Row) -> Row:
    return replace(moved(row), seen=row.seen._replace(proposal_route="coordinate trick"))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("decoder", decoded),
        ("channels", exchanged),
        ("exif", turned),
        ("resize", resized),
        ("precision", halved),
        ("nms", other_proposals),
    ],
)
def test_what_befell_an_image_is_named_and_nothing_else(name: str, change: Callable[[Row], Row]) -> None:
    result = judged(on([1, 4], change))
    assert causes(result) == [([name], False, 2)]
    assert (result.word, result.unexplained, result.beyond([name]), result.beyond([])) == (
        f"different: {name}",
        0,
        0,
        2,
    )


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("precision", cell(numerics={"default_dtype": "torch.float16"})),
        ("precision", cell(numerics={"matmul_precision": "medium"})),
        ("weights", cell(weights_sha256="cd" * 32)),
        ("threads", cell(software={"threads": 1})),
        ("thresholds", cell(job={"model": replace(cell().job.model, thresholds=replace(LIMITS, nms_iou=0.6))})),
    ],
)
def test_what_the_passes_differ_in_as_wholes_is_named_and_nothing_else(name: str, other: Cell) -> None:
    result = judged(on(range(IMAGES), lambda row: fewer(row, 3)), other)
    assert causes(result) == [([name], False, IMAGES)]


def test_a_switch_that_bears_on_no_cpu_is_no_cause() -> None:
    result = judged(on([2], moved), cell(numerics={"cudnn_benchmark": "True"}))
    assert causes(result) == [([], True, 1)]


def test_what_the_passes_differ_in_is_no_cause_where_images_that_nothing_befell_agree() -> None:
    result = judged(on([1, 4], resized), cell(software={"threads": 1}, weights_sha256="cd" * 32))
    assert causes(result) == [(["resize"], False, 2)]


@pytest.mark.parametrize(
    ("by", "torch", "named"),
    [(0.15, "2.9.0", ["rounding"]), (0.15, "1.9.0+cu102", []), (0.9, "2.9.0", [])],
)
def test_another_torch_explains_what_lies_slightly_beyond_the_tolerance(
    by: float, torch: str, named: list[str]
) -> None:
    def slightly(row: Row) -> Row:
        of = row.detections
        assert of is not None
        boxes = of.boxes.copy()
        boxes[0] += np.float32(by)
        return replace(row, detections=replace(of, boxes=boxes))

    assert causes(judged(on([2], slightly), cell(software={"torch": torch}))) == [(named, not named, 1)]


def test_rounding_does_not_explain_that_most_boxes_moved() -> None:
    assert causes(judged(on([2], moved), cell(software={"threads": 1}))) == [([], True, 1)]


def limits(**changes: Any) -> Cell:
    return cell(job={"model": replace(cell().job.model, thresholds=replace(LIMITS, **changes))})


def test_a_threshold_explains_what_it_cuts_and_no_more() -> None:
    cut = limits(score=0.5)

    def above(row: Row) -> Row:
        of = row.detections
        assert of is not None
        return fewer(row, *np.flatnonzero(of.scores <= 0.5).tolist())

    every = on(range(IMAGES), above)
    result = judged(every, cut)
    assert causes(result) == [(["thresholds"], False, IMAGES)]
    assert (result.parts or [])[0].evidence == ["score threshold: 0.05 and 0.5"]
    every[3] = fewer(every[3], 0)
    assert causes(judged(every, cut)) == [(["thresholds"], True, 1), (["thresholds"], False, IMAGES - 1)]


def test_fewer_detections_an_image_explain_the_last_that_are_lacking() -> None:
    last = on(range(IMAGES), lambda row: fewer(row, *range(20, 30)))
    assert causes(judged(last, limits(detections=20))) == [(["thresholds"], False, IMAGES)]
    first = on(range(IMAGES), lambda row: fewer(row, *range(10)))
    assert causes(judged(first, limits(detections=20))) == [([], True, IMAGES)]


def overlapping(row: Row, overlap: float, *, route: str) -> Row:
    """Add a box that overlaps the first of its class by so much, if the route lets it."""
    of = row.detections
    assert of is not None
    x, y, right, bottom = of.boxes[0].tolist()
    shift = (right - x) * (1 - overlap) / (1 + overlap)
    boxes = np.vstack([of.boxes, [[x + shift, y, right + shift, bottom]]]).astype("f4")
    more = ImageDetections(boxes, np.append(of.scores, np.float32(0.15)), np.append(of.labels, 1).astype("i4"))
    return replace(row, detections=more, seen=row.seen._replace(nms_route=route))


def test_a_route_of_nms_explains_boxes_that_overlap_by_about_the_threshold() -> None:
    def routed(overlap: float) -> list[tuple[list[str], bool, int]]:
        return causes(judged(on([5], lambda row: overlapping(row, overlap, route="coordinate trick"))))

    assert routed(0.5) == [(["nms"], False, 1)]
    assert routed(0.1) == [([], True, 1)]
    moving = judged(on([5], lambda row: replace(moved(row), seen=row.seen._replace(nms_route="coordinate trick"))))
    assert causes(moving) == [([], True, 1)]


def chained(row: Row, *, kept: Sequence[int], route: str) -> Row:
    """Add some of four boxes of another class, less sure from one to the next, each of which overlaps the one before.

    The second overlaps the first by about the threshold, the third the second by 0.6, the fourth the third likewise.
    """
    of = row.detections
    assert of is not None
    boxes = np.array([[x, 600, x + 100, 700] for x in (0.0, 33.4, 58.4, 83.4)], "f4")[list(kept)]
    scores = np.array([0.9, 0.8, 0.7, 0.6], "f4")[list(kept)]
    more = ImageDetections(
        np.vstack([of.boxes, boxes]),
        np.append(of.scores, scores),
        np.append(of.labels, np.full(len(kept), 2)).astype("i4"),
    )
    return replace(row, detections=more, seen=row.seen._replace(nms_route=route))


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((0, 2), (0, 1), (["nms"], False)),  # the second takes the third away; they overlap enough for a match
        ((0, 2), (0, 1, 3), (["nms"], False)),  # so that the fourth is left
        ((0, 1, 3), (0, 2), (["nms"], False)),
        ((0, 2), (0, 1, 2), (["nms"], False)),
        ((2,), (3,), ([], True)),  # no surer one took them away
        ((0, 2), (0,), ([], True)),
    ],
)
def test_what_a_route_of_nms_lets_in_takes_others_away(
    one: Sequence[int], two: Sequence[int], expected: tuple[list[str], bool]
) -> None:
    left = [chained(row, kept=one, route="vanilla") if row.image_id == 5 else row for row in pictures()]
    found = judged(on([5], lambda row: chained(row, kept=two, route="coordinate trick")), one=left)
    assert causes(found) == [(*expected, 1)]


def test_a_route_that_other_boxes_led_to_is_not_taken_for_their_cause() -> None:
    def led(row: Row) -> Row:
        seen = row.seen._replace(resized_height=799, candidates=900, nms_route="coordinate trick")
        return replace(overlapping(moved(row), 0.5, route="coordinate trick"), seen=seen)

    assert causes(judged(on([5], led))) == [(["resize"], False, 1)]
    chosen = cell(job={"variant": Variant(nms_route="coordinate-trick")})
    assert causes(judged(on([5], led), chosen)) == [(["resize", "nms"], False, 1)]


def test_a_wide_tie_at_the_end_of_a_full_image_is_named() -> None:
    full = limits(detections=30)

    def tied(row: Row) -> Row:
        of = row.detections
        assert of is not None
        boxes, scores = of.boxes.copy(), of.scores.copy()
        boxes[-1], scores[-1] = [0, 900, 15, 915], scores[-1] + 0.004
        return replace(row, detections=ImageDetections(boxes, scores, of.labels))

    sides = sides_of(full, full)
    counted = tally(zip(pictures(), on([6], tied), strict=True), sides, TOLERANCES)
    assert [(each.causes, each.unexplained) for each in parts(counted.looked, sides)] == [(["cut-off"], False)]


def test_a_fault_without_a_cause_is_unexplained_and_comes_first() -> None:
    result = judged(on([1, 4, 7], lambda row: fewer(row, 2) if row.image_id == 7 else resized(row)))
    assert causes(result) == [([], True, 1), (["resize"], False, 2)]
    assert result.worst[0].file == "7.jpg"
    assert (result.unexplained, result.beyond(["resize"]), result.word) == (1, 1, "different: unexplained, resize")
    assert result.sentence == ("different in 3 of 10: 1 unexplained, 2 resized to another size; equal in the 7 others")


def cut(row: Row) -> Row:
    """Leave out what a threshold of a half does, of the scores that it had to begin with."""
    of = row.detections
    assert of is not None
    return fewer(row, *np.flatnonzero(of.scores <= 0.5).tolist())


#: What can be planted in images, and what in a pass as a whole, with what that does to each image.
IN_IMAGES = {
    "exif": turned,
    "channels": exchanged,
    "decoder": decoded,
    "resize": resized,
    "nms": other_proposals,
    "precision": halved,
}
IN_PASSES: dict[str, tuple[Callable[[Row], Row], dict[str, Any]]] = {
    "thresholds": (cut, {"job": {"model": replace(cell().job.model, thresholds=replace(LIMITS, score=0.5))}}),
    "weights": (moved, {"weights_sha256": "cd" * 32}),
}


@pytest.mark.parametrize(("one", "two"), list(combinations([*IN_IMAGES, *IN_PASSES], 2)))
def test_two_causes_at_once_are_both_named_and_no_third(one: str, two: str) -> None:
    """One befalls the first seven images, the other the last seven, what is of a whole pass all of them."""
    wide: dict[str, Any] = {}
    every = pictures()
    for name, images in ((one, range(7)), (two, range(3, IMAGES))):
        change, changes = IN_PASSES.get(name) or (IN_IMAGES[name], {})
        wide |= changes
        every = [change(row) if name in IN_PASSES or row.image_id in images else row for row in every]
    found = causes(judged(every, cell(**wide)))
    assert not any(unexplained for _, unexplained, _ in found)
    assert sum(images for _, _, images in found) == IMAGES
    assert {name for names, _, _ in found for name in names} == {one, two}
    assert {one, two} in [set(names) for names, _, _ in found] or {one, two} == {"exif", "decoder"}


def test_a_fault_without_a_cause_beside_one_with_a_cause_is_not_taken_for_it() -> None:
    for name, change in IN_IMAGES.items():
        every = on([1, 4], change)
        every[7] = moved(every[7])
        assert causes(judged(every)) == [([], True, 1), ([name], False, 2)]


def test_the_only_image_that_agrees_is_the_other() -> None:
    (row, other, *_) = pictures()
    assert judged([row, resized(other)], one=[row, other]).sentence == (
        "different in 1 of 2: 1 resized to another size; equal in the other; 0 unexplained"
    )


def test_images_that_agree_in_spite_of_a_cause_are_counted_apart() -> None:
    still = {8, 9}
    result = judged(
        on([1, 8, 9], lambda row: replace(resized(row), detections=row.detections if row.image_id in still else None))
    )
    assert [(part.images, part.alike) for part in result.parts or []] == [(1, 2)]
    assert result.sentence == (
        "different in 1 of 10: 1 resized to another size; equal in the 9 others "
        "(2 of them resized to another size); 0 unexplained"
    )


def test_what_earlier_versions_did_not_record_is_no_cause() -> None:
    def old(row: Row) -> Row:
        return replace(row, seen=Seen())

    one = [old(row) for row in pictures()]
    result = judged([moved(row) if row.image_id == 2 else row for row in one], one=one)
    assert causes(result) == [([], True, 1)]
    swapped = [replace(moved(row), pixels_sha256="f" * 64) if row.image_id == 2 else row for row in one]
    assert causes(judged(swapped, one=one)) == [(["decoder"], False, 1)]


def test_a_picture_that_one_reader_could_not_read_is_the_decoder_s() -> None:
    result = judged(on([3], lambda row: replace(row, failure="it breaks off", detections=None, pixels_sha256=None)))
    assert causes(result) == [(["decoder"], False, 1)]
    assert "alone" in (result.parts or [])[0].evidence[0]


def test_an_image_that_agrees_needs_no_explanation() -> None:
    (row, *_), sides = pictures(), Sides(("a", "b"), (None, None), (None, None), (LIMITS, LIMITS))
    looked = look((row, row), match(row, row, LIMITS, TOLERANCES), None, sides, TOLERANCES)
    assert (looked.evidence, looked.explained) == ([], True)
    assert judged(pictures()).sentence == "identical in all 10"
