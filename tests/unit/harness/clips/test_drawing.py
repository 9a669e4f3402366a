"""What is drawn is what was detected, where it was detected."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask

from harness.clips.caption import Caption, Lettering
from harness.clips.drawing import Pen
from harness.clips.video import Pixels
from harness.clips.views import One, Two
from runner.contract.rows import ImageDetections, Row, Times

HEIGHT, WIDTH = 120, 200
BLANK = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
BOX, OTHER = (20, 30, 80, 100), (120, 40, 180, 90)


def found(*boxes: tuple[int, int, int, int], score: float = 0.9, **more: object) -> ImageDetections:
    n = len(boxes)
    numbers = np.array(boxes, np.float32).reshape(n, 4)
    return ImageDetections(numbers, np.full(n, score, np.float32), np.ones(n, np.int32), **more)  # type: ignore[arg-type]


def row(detections: ImageDetections | None, ms: float = 10.0) -> Row:
    return Row(1, "000000.ppm", Times(forward_ms=ms), detections=detections)


def pen(score: float = 0.5) -> Pen:
    return Pen(score, {1: "person"}, HEIGHT, WIDTH)


def changed(drawn: Pixels) -> NDArray[np.bool_]:
    marks: NDArray[np.bool_] = np.any(drawn != BLANK, axis=2)
    return marks


def test_a_box_is_drawn_along_its_sides_and_leaves_its_middle() -> None:
    marks = changed(pen().draw(BLANK, found(BOX)))
    left, top, right, bottom = BOX
    assert marks[top : bottom + 1, left].all()
    assert marks[bottom, left : right + 1].all()
    assert not marks[top + 10 : bottom - 3, left + 3 : right - 3].any()
    assert not marks[:, right + 3 :].any()
    assert (BLANK == 90).all()  # the frame itself is left alone


@pytest.mark.parametrize("box", [(180, 60, 199, 100), (0, 0, 60, 100), (140, 0, 199, 20), (0, 100, 199, 119)])
def test_a_label_lies_within_the_frame_and_below_what_is_covered(box: tuple[int, int, int, int]) -> None:
    covered, usual = 13, (20, 60, 120, 110)
    below = replace(pen(), covered=covered)

    def letters(box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
        drawn = below.draw(BLANK, found(box))[covered:]
        marks: NDArray[np.bool_] = (drawn.min(axis=2) > 200) & (drawn.max(axis=2) > 250)
        return marks

    assert letters(box).sum() == letters(usual).sum()


def test_the_label_of_the_best_is_on_top() -> None:
    both = replace(found(BOX, BOX), scores=np.array([0.9, 0.6], np.float32))
    assert (pen().draw(BLANK, both) == pen().draw(BLANK, found(BOX))).all()


@pytest.mark.parametrize(("label", "letters"), [(5, 0), (17, 255)])  # yellow and indigo, in supervision's palette
def test_letters_are_dark_on_light_and_light_on_dark(label: int, letters: int) -> None:
    drawn = pen().draw(BLANK, replace(found(BOX), labels=np.array([label], np.int32)))
    above = drawn[BOX[1] - 20 : BOX[1] - 1]
    assert (above == letters).all(axis=2).any()
    assert not (above == 255 - letters).all(axis=2).any()


def test_what_scores_less_is_left_out() -> None:
    assert not changed(pen(0.95).draw(BLANK, found(BOX))).any()
    assert not changed(pen().draw(BLANK, found())).any()


def test_a_mask_is_drawn_inside_its_box_alone() -> None:
    everywhere = mask.encode(np.asfortranarray(np.ones((HEIGHT, WIDTH), np.uint8)))["counts"]
    marks = changed(pen().draw(BLANK, found(BOX, masks=[everywhere])))
    left, top, right, bottom = BOX
    assert marks[top:bottom, left:right].all()
    assert not marks[bottom + 3 :, right + 3 :].any()


def test_a_skeleton_has_the_lines_between_its_sure_points() -> None:
    points = np.zeros((1, 17, 3), np.float32)
    points[0, 5], points[0, 7], points[0, 9] = (130, 20, 1), (150, 20, 1), (150, 60, 1)  # a left arm
    scores = np.full((1, 17), -1, np.float32)
    scores[0, [5, 7]] = 5
    marks = changed(pen().draw(BLANK, found(BOX, keypoints=points, keypoint_scores=scores)))
    assert marks[20, 130:151].all()
    assert not marks[40, 150]


def test_a_frame_says_how_long_it_took_and_the_mean_of_a_hundred() -> None:
    caption = Caption("SSD in local")
    said = [caption.text(ms) for ms in [10.0] * 100 + [110.0]]
    assert said[0] == "SSD in local  10.0 ms  mean of 1: 10.0 ms"
    assert said[-1] == "SSD in local  110.0 ms  mean of 100: 11.0 ms"


def test_a_long_line_fits_its_frame() -> None:
    marks = changed(Lettering().write(BLANK.copy(), "a caption that is far too long for it " * 3, 12))
    assert marks[:20].any()
    assert not marks[24:].any()
    bright = np.any(Lettering().write(BLANK.copy(), "a caption that is far too long for it " * 3, 12) > 200, axis=2)
    assert not bright[:, -3:].any()


def test_side_by_side_what_one_alone_found_is_outlined_and_counted() -> None:
    view = Two(One(pen(), Caption("left")), One(pen(), Caption("right")), None)
    both = view.draw(BLANK, [row(found(BOX)), row(found(BOX, OTHER))])
    left, right = both[:HEIGHT, :WIDTH], both[:HEIGHT, -WIDTH:]
    white = np.all(np.array([left, right]) > 250, axis=3)
    x, y = OTHER[0], 70
    assert white[1, y, [x - 2, x + 2]].all()  # on both sides of the box's own line
    assert not white[1, y, x]
    assert not white[0, y, x - 2 : x + 3].any()
    assert not white[:, y, BOX[0]].any()
    assert (view.frames, view.different) == (1, 1)
    view.draw(BLANK, [row(found(BOX)), row(found(BOX))])
    assert (view.frames, view.different) == (2, 1)
    view.draw(BLANK, [row(found(BOX, score=0.3)), row(found(BOX, score=0.95))])
    assert view.best == pytest.approx(0.95)


def test_side_by_side_the_best_score_is_known_of_what_is_not_drawn() -> None:
    view = Two(One(pen(), Caption("left")), One(pen(), Caption("right")), None)
    view.draw(BLANK, [row(found(BOX, score=0.2)), row(found(BOX, score=0.3))])
    assert view.best == pytest.approx(0.3)


def test_a_frame_without_detections_has_its_caption() -> None:
    view = One(pen(), Caption("SSD"))
    assert changed(view.draw(BLANK, [row(None)]))[:10].any()
    view.draw(BLANK, [row(found(BOX, score=0.25))])
    assert view.best == pytest.approx(0.25)


def test_what_lies_far_outside_is_drawn_as_far_as_it_is_seen() -> None:
    far, near = (-3e38, 30, 80, 3e38), (-150, 30, 80, 200)
    points = np.array([[[40, 60, 1], [3e38, -3e38, 1]] * 8 + [[40, 60, 1]]], np.float32)
    for box in (far, (1e9, 1e9, 2e9, 2e9)):
        pen().draw(BLANK, found(box, keypoints=points))  # type: ignore[arg-type]
    assert (pen().draw(BLANK, found(far)) == pen().draw(BLANK, found(near))).all()  # type: ignore[arg-type]
    which = np.array([0])
    assert (pen().outline(BLANK, found(far), which) == pen().outline(BLANK, found(near), which)).all()  # type: ignore[arg-type]
