"""What is said beside a score, and that ordinary detections get nothing said."""

from dataclasses import replace

import numpy as np
import pytest

from harness.data.coco import Annotations, Picture
from harness.scoring.detections import Detected
from harness.scoring.evaluate import score
from tests.unit.harness.scoring_sets import HEIGHT, WIDTH, annotations, box, boxes, perfect, random_set

TRUTH = annotations([1, 2, 3], [1, 2], [box(n, 1 + n % 2, [40 * n, 30 * n, 60, 50]) for n in (1, 2, 3)])
FOUND = boxes([(n, 1 + n % 2, 0.5, [40.0 * n, 30.0 * n, 60.0, 50.0]) for n in (1, 2, 3)])


def said(truth: Annotations, found: Detected, iou: str = "bbox") -> list[str]:
    return score(truth, found, iou, "float", "hotcoco", resamples=2).remarks  # type: ignore[arg-type]


def moved(change: list[list[float]]) -> Detected:
    """Return the detections with their boxes as a matrix (4, 4) makes them."""
    assert FOUND.boxes_xywh is not None
    return replace(FOUND, boxes_xywh=FOUND.boxes_xywh @ np.array(change))


CORNERS = [[1.0, 0, 1, 0], [0, 1.0, 0, 1], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]


def test_ordinary_detections_get_no_remark() -> None:
    assert said(TRUTH, FOUND) == []
    truth, _ = random_set(3, images=30, objects=90, detections=0, categories=2, crowds=0)
    truth = replace(truth, objects=[found for found in truth.objects if found["area"] and found["num_keypoints"]])
    found = perfect(truth)
    assert found.boxes_xywh is not None
    over_the_border = replace(found, boxes_xywh=found.boxes_xywh + np.array([-5, -5, 10, 10]))
    some_missed = over_the_border.chosen(np.arange(len(found)) % 20 > 0)
    for iou in ("bbox", "segm", "keypoints"):
        assert said(truth, some_missed, iou) == []


def test_detections_of_foreign_categories_are_left_out_and_counted() -> None:
    foreign = replace(FOUND, category_ids=np.array([2, 1, 77]))
    assert said(TRUTH, foreign)[0] == "1 of 3 detections are of categories that the annotations lack, and are left out"
    assert score(TRUTH, foreign, "bbox", "float", "hotcoco", 2).detections == 2


def test_detections_of_a_part_of_the_images() -> None:
    (text,) = said(TRUTH, FOUND.chosen(np.array([True, False, False])))
    assert text == "detections in 1 of 3 images; the others hold 2 of 3 objects, which count as missed"


def test_objects_that_nothing_need_find_are_not_missed() -> None:
    first = FOUND.chosen(np.array([True, False, False]))
    crowds = [found | {"iscrowd": int(found["image_id"] > 1)} for found in TRUTH.objects]
    assert said(replace(TRUTH, objects=crowds), first) == []
    truth, _ = random_set(3, images=4, objects=12, detections=0, categories=1, crowds=0)
    found = perfect(truth).chosen(np.array([entry["image_id"] < 3 for entry in truth.objects]))
    unlabelled = [
        entry if entry["image_id"] < 3 else entry | {"num_keypoints": 0, "keypoints": [0] * 51}
        for entry in truth.objects
    ]
    assert any("count as missed" in text for text in said(truth, found, "keypoints"))
    assert not any("missed" in text for text in said(replace(truth, objects=unlabelled), found, "keypoints"))


def test_corners_in_the_place_of_sides() -> None:
    (text,) = said(TRUTH, moved(CORNERS))
    assert text == (
        "2 of 3 boxes reach far beyond their pictures, as x1, y1, x2, y2 would in the place of x, y, width, height"
    )


def test_coordinates_divided_by_the_pictures_size() -> None:
    shares = moved(np.diag([1 / WIDTH, 1 / HEIGHT, 1 / WIDTH, 1 / HEIGHT]).tolist())
    (text,) = said(TRUTH, shares)
    assert text == "3 of 3 boxes are not larger than one pixel, as coordinates that were divided by the picture's size"


def test_coordinates_divided_by_the_pictures_size_among_others() -> None:
    found = boxes([(n % 3 + 1, 1, 0.5, [0.5, 0.25, 0.125, 0.2] if n == 0 else [9.0 * n, 9, 60, 50]) for n in range(9)])
    (text,) = said(TRUTH, found)
    assert text == "1 of 9 boxes are not larger than one pixel, as coordinates that were divided by the picture's size"


def test_boxes_that_were_clipped_at_the_border_are_ordinary() -> None:
    found = boxes([(n % 3 + 1, 1, 0.1 * n, [0, 0, 0, 0] if n < 4 else [9.0 * n, 9, 60, 50]) for n in range(9)])
    assert said(TRUTH, found) == []


def test_sides_below_zero() -> None:
    (text,) = said(TRUTH, moved(np.diag([1.0, 1, -1, 1]).tolist()))
    assert text == "3 of 3 boxes have a negative width or height"


def test_a_list_that_was_written_twice() -> None:
    (text,) = said(TRUTH, twice(FOUND))
    assert text == "3 of 6 detections are an earlier one again, which counts as a false one"
    other_scores = replace(twice(FOUND), scores=np.arange(6) / 10)
    assert said(TRUTH, other_scores) == []


def twice(found: Detected) -> Detected:
    assert found.boxes_xywh is not None
    return Detected(
        image_ids=np.tile(found.image_ids, 2),
        category_ids=np.tile(found.category_ids, 2),
        scores=np.tile(found.scores, 2),
        boxes_xywh=np.tile(found.boxes_xywh, (2, 1)),
    )


def test_the_annotations_own_poses_are_looked_at_too() -> None:
    truth, _ = random_set(3, images=4, objects=12, detections=0, categories=1, crowds=0)
    found = perfect(truth)
    shares = [
        entry | {"keypoints": [value if n % 3 == 2 else value / 1000 for n, value in enumerate(entry["keypoints"])]}
        for entry in truth.objects
    ]
    texts = said(replace(truth, objects=shares), found, "keypoints")
    assert any(
        "annotated poses are not larger than one pixel, as coordinates that were divided" in text for text in texts
    )


def test_the_annotations_own_boxes_are_looked_at_too() -> None:
    objects = [found | {"bbox": [value / 100 for value in found["bbox"]]} for found in TRUTH.objects]
    assert "3 of 3 annotated boxes are not larger than one pixel" in said(replace(TRUTH, objects=objects), FOUND)[0]


def test_pictures_of_unknown_size_can_not_be_reached_beyond() -> None:
    unknown = replace(TRUTH, pictures=dict.fromkeys(TRUTH.pictures, Picture("", None, None)))
    assert said(unknown, moved(CORNERS)) == []


@pytest.mark.parametrize(("area", "words"), [(0, "area 0"), (0.25, "an area below one pixel")])
def test_keypoints_of_objects_without_area(area: float, words: str) -> None:
    truth, _ = random_set(3, images=4, objects=12, detections=0, categories=1, crowds=0)
    objects = [found | {"area": area} for found in truth.objects]
    found = perfect(truth)
    assert (
        f"12 of 12 objects have {words}: the similarity of keypoints"
        in said(replace(truth, objects=objects), found, "keypoints")[0]
    )


def test_boxes_stand_in_for_areas_that_are_not_there() -> None:
    truth = replace(TRUTH, objects=[found | {"area": None} for found in TRUTH.objects])
    (text,) = said(truth, FOUND)
    assert text.startswith("3 of 3 objects have no area: their boxes' was taken")
    with_areas, without = (score(each, FOUND, "bbox", "float", "hotcoco", 2) for each in (TRUTH, truth))
    assert with_areas.metrics == without.metrics


def test_objects_of_category_0_that_nothing_detects() -> None:
    objects = [found | {"category_id": found["category_id"] - 1} for found in TRUTH.objects]
    shifted = replace(TRUTH, objects=objects, categories={0: "cup", 1: "box"})
    texts = said(shifted, replace(FOUND, category_ids=np.array([1, 1, 1])))
    assert texts[0].startswith("1 of 3 objects are of category 0, which no detection has")
    assert said(shifted, replace(FOUND, category_ids=FOUND.category_ids - 1)) == []


def test_a_file_that_two_images_name() -> None:
    twice = replace(TRUTH, pictures={n: Picture("same.jpg", HEIGHT, WIDTH) for n in TRUTH.pictures})
    assert said(twice, FOUND) == ["2 of 3 images have the file_name of an earlier one"]
