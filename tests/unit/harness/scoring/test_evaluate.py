"""Scores, by both scorers: against each other, against hand-made cases, and on what COCO treats specially."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import documents
from harness.data.coco import Annotations
from harness.documents.scores import Iou, Score, ScorerName
from harness.errors import BadInput
from harness.scoring import by_hotcoco
from harness.scoring.boxes import by_rule, from_corners
from harness.scoring.detections import Detected
from harness.scoring.evaluate import METRICS, score
from tests.unit.harness.scoring_sets import annotations, box, boxes, perfect, random_set

SIZES = {
    "seed": st.integers(0, 2**32),
    "images": st.integers(1, 6),
    "objects": st.integers(0, 12),
    "detections": st.sampled_from([0, 1, 5, 30]),
    "categories": st.integers(1, 3),
}
SMALL = settings(max_examples=100, deadline=None)
BOTH: list[ScorerName] = ["hotcoco", "pycocotools"]


def scored(truth: Annotations, found: Detected, iou: Iou = "bbox", scorer: ScorerName = "hotcoco") -> Score:
    return score(truth, found, iou, "float", scorer, resamples=20)


@pytest.mark.parametrize("iou", ["bbox", "segm", "keypoints"])
@SMALL
@given(**SIZES)
def test_both_scorers_agree(iou: Iou, seed: int, images: int, objects: int, detections: int, categories: int) -> None:
    truth, found = random_set(seed, images, objects, detections, categories)
    ours, reference = (scored(truth, found, iou, scorer) for scorer in BOTH)
    assert list(ours.metrics) == list(METRICS[iou])
    assert ours.metrics == pytest.approx(reference.metrics, abs=1e-12, rel=0)
    assert ours.ap_by_category == pytest.approx(reference.ap_by_category, abs=1e-12, rel=0)
    assert (ours.interval is None) == (reference.interval is None)
    if ours.interval and reference.interval:
        assert ours.interval.low == pytest.approx(reference.interval.low, abs=1e-12)
        assert ours.interval.high == pytest.approx(reference.interval.high, abs=1e-12)


@pytest.mark.parametrize("scorer", BOTH)
def test_more_than_a_hundred_detections_of_a_category_in_an_image(scorer: ScorerName) -> None:
    """Only the hundred of the highest scores count: the right one, last of all, does not."""
    truth = annotations([1], [1], [box(1, 1, [10, 10, 40, 40])])
    rows = [(1, 1, 0.9, [100.0, 100.0, 20.0, 20.0])] * 100 + [(1, 1, 0.1, [10.0, 10.0, 40.0, 40.0])]
    assert scored(truth, boxes(rows), scorer=scorer).metrics["AP"] == 0.0
    assert scored(truth, boxes(rows[1:]), scorer=scorer).metrics["AP"] == pytest.approx(0.01)


@pytest.mark.parametrize("scorer", BOTH)
@pytest.mark.parametrize("iou", ["bbox", "segm", "keypoints"])
def test_perfect_detections_have_an_ap_of_one(iou: Iou, scorer: ScorerName) -> None:
    truth, _ = random_set(3, images=8, objects=12, detections=0, categories=1, crowds=0)
    truth = replace(truth, objects=[entry for entry in truth.objects if entry["area"] and entry["num_keypoints"]])
    result = scored(truth, perfect(truth), iou, scorer)
    assert result.metrics["AP"] == pytest.approx(1, abs=1e-12)
    assert result.interval
    assert result.interval.low == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("scorer", BOTH)
def test_one_object_of_two_found(scorer: ScorerName) -> None:
    """A recall of 0.5 reaches 51 of the 101 thresholds, with a precision of 1."""
    truth = annotations([1, 2], [1], [box(1, 1, [0, 0, 50, 50]), box(2, 1, [0, 0, 50, 50])])
    result = scored(truth, boxes([(1, 1, 0.5, [0.0, 0.0, 50.0, 50.0])]), scorer=scorer)
    assert result.metrics["AP"] == pytest.approx(51 / 101)
    assert result.metrics["ARmax=1"] == 0.5
    assert result.metrics["APmedium"] == pytest.approx(51 / 101)
    assert result.metrics["APsmall"] == -1


@pytest.mark.parametrize("scorer", BOTH)
def test_a_category_without_objects_has_an_ap_of_minus_one_and_is_left_out_of_the_mean(scorer: ScorerName) -> None:
    truth = annotations([1], [5, 2], [box(1, 5, [0, 0, 50, 50])])
    rows = [(1, 5, 0.5, [0.0, 0.0, 50.0, 50.0]), (1, 2, 0.9, [0.0, 0.0, 50.0, 50.0])]
    result = scored(truth, boxes(rows), scorer=scorer)
    assert result.ap_by_category == {"category 2": -1, "category 5": pytest.approx(1)}
    assert result.metrics["AP"] == pytest.approx(1)


@pytest.mark.parametrize("scorer", BOTH)
def test_a_crowd_is_neither_to_be_found_nor_a_mistake(scorer: ScorerName) -> None:
    truth = annotations([1], [1], [box(1, 1, [0, 0, 50, 50]), box(1, 1, [60, 60, 90, 90], iscrowd=1)])
    rows = [(1, 1, 0.9, [60.0, 60.0, 30.0, 30.0]), (1, 1, 0.5, [0.0, 0.0, 50.0, 50.0])]
    result = scored(truth, boxes(rows), scorer=scorer)
    assert result.metrics["AP"] == pytest.approx(1)
    assert result.objects == 2


@pytest.mark.parametrize("scorer", BOTH)
@pytest.mark.parametrize("iou", ["bbox", "segm", "keypoints"])
def test_no_detections_have_an_ap_of_zero(iou: Iou, scorer: ScorerName) -> None:
    truth, found = random_set(3, images=4, objects=12, detections=0, categories=1, crowds=0)
    result = scored(truth, found, iou, scorer)
    assert result.metrics["AP"] == 0
    assert result.detections == 0
    assert result.interval
    assert (result.interval.low, result.interval.high) == (0, 0)


def test_categories_of_one_name_are_told_apart_by_their_ids() -> None:
    truth = annotations([1], [1, 2], [box(1, 1, [0, 0, 50, 50])])
    truth = replace(truth, categories={1: "cup", 2: "cup"})
    assert set(scored(truth, boxes([])).ap_by_category) == {"cup (1)", "cup (2)"}


def test_hotcoco_tells_what_each_kind_of_error_costs() -> None:
    """The best score is on nothing, the second object is not found: without either, AP50 would be one."""
    truth = annotations([1], [1], [box(1, 1, [0, 0, 50, 50]), box(1, 1, [100, 0, 50, 50])])
    nothing, right = (1, 1, 0.9, [0.0, 100.0, 40.0, 40.0]), (1, 1, 0.5, [0.0, 0.0, 50.0, 50.0])
    result = scored(truth, boxes([nothing, right])).tide
    assert result is not None
    assert set(result) == {"Cls", "Loc", "Both", "Dupe", "Bkg", "Miss", "FP", "FN"}
    assert result["Bkg"] == pytest.approx(51 / 101 - 51 / 101 / 2)
    assert result["Miss"] > 0
    assert result["Cls"] == result["Loc"] == result["Dupe"] == 0


def test_who_has_no_tide_says_why() -> None:
    truth, found = random_set(1, images=2, objects=4, detections=4, categories=1)
    assert scored(truth, found, "bbox", "pycocotools").tide_missing_reason == "pycocotools has no TIDE"
    reason = scored(truth, found, "keypoints").tide_missing_reason
    assert reason == "TIDE's errors are defined for boxes and masks"


def test_matches_read_in_blocks_are_those_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, found = random_set(11, images=9, objects=40, detections=60, categories=3)
    whole = scored(truth, found)
    monkeypatch.setattr(by_hotcoco, "BLOCK", 7)
    assert scored(truth, found) == whole


@given(
    st.lists(
        st.lists(st.floats(-50, 2000, width=32, allow_subnormal=False), min_size=4, max_size=4), min_size=1, max_size=8
    )
)
def test_truncated_boxes_are_those_of_the_published_loop(corners: list[list[float]]) -> None:
    published = []
    for x1, y1, x2, y2 in corners:
        x1, y1, x2, y2 = int(x1), int(y1), int(x2), int(y2)
        published.append([x1, y1, x2 - x1, y2 - y1])
    boxes_xywh = from_corners(np.array(corners, np.float32))
    assert by_rule(boxes_xywh, "truncate-int").tolist() == published
    assert by_rule(boxes_xywh, "float") is boxes_xywh


def test_the_box_rule_decides_the_ap_of_boxes_alone() -> None:
    truth, found = random_set(2, images=4, objects=12, detections=0, categories=1, crowds=0)
    found = perfect(truth)
    assert found.boxes_xywh is not None
    found = replace(found, boxes_xywh=found.boxes_xywh + np.array([0.9, 0.9, -0.9, -0.9]))
    for iou in ("segm", "keypoints"):
        ways = [score(truth, found, iou, rule, "hotcoco", 20).metrics for rule in ("float", "truncate-int")]
        assert ways[0] == ways[1]
    floats, truncated = (score(truth, found, "bbox", rule, "hotcoco", 20) for rule in ("float", "truncate-int"))
    assert floats.metrics["AP"] < truncated.metrics["AP"]


def test_detections_without_masks_can_t_be_scored_by_masks() -> None:
    truth, found = random_set(1, images=2, objects=4, detections=4, categories=1)
    with pytest.raises(BadInput, match="the detections have no masks, which scoring segm needs"):
        scored(truth, replace(found, masks=None), "segm")


@pytest.mark.parametrize(
    ("iou", "changes", "sentence"),
    [
        ("segm", {"segmentation": []}, "object 0 of annotations.json has no segmentation, which scoring segm needs"),
        ("segm", {"segmentation": {"size": [150, 200], "counts": "04"}}, "object 0 .* has a damaged mask: its run len"),
        *(
            ("segm", {"segmentation": mask}, "object 0 .* has a damaged mask: it is neither polygons nor RLE with size")
            for mask in ([0, 0, 8, 0, 8, 8], "none", {"size": [4]}, {"size": [4, 6], "counts": [1.5]}, [[[0, 1]]])
        ),
        ("segm", {"segmentation": [[0, 0, 8, 0, 8, 8, 1]]}, "has a damaged mask: a polygon needs .* each x and y"),
        (
            "segm",
            {"segmentation": [[0, 0, 9, 9]]},
            "object 0 .* has a damaged mask: a polygon needs at least three points",
        ),
        ("segm", {"segmentation": [[0, 0, 9, 0, 9, 9], [0, 0]]}, "object 0 .* a polygon needs at least three points"),
        ("segm", {"segmentation": [[0, 0, 1e7, 0, 9, 9]]}, "object 0 .* a polygon is far outside of its picture"),
        ("segm", {"segmentation": [[]]}, "object 0 of annotations.json has no segmentation"),
        ("segm", {"area": None}, "object 0 of annotations.json has no area, which scoring segm needs"),
        ("keypoints", {"keypoints": None}, "object 0 of annotations.json has no keypoints, which scoring keypoints"),
        ("keypoints", {"keypoints": [1, 1, 2]}, "object 0 of annotations.json has 1 keypoints, but COCO's similarity"),
    ],
)
def test_annotations_that_lack_what_is_compared(iou: Iou, changes: dict[str, object], sentence: str) -> None:
    truth, found = random_set(1, images=2, objects=4, detections=4, categories=1)
    truth.objects[0].update(changes)
    with pytest.raises(BadInput, match=sentence):
        scored(truth, found, iou)


def test_a_score_is_a_document(tmp_path_factory: pytest.TempPathFactory) -> None:
    truth, found = random_set(1, images=3, objects=9, detections=20, categories=2)
    path = tmp_path_factory.mktemp("score") / "score.json"
    result = scored(truth, found)
    documents.write(path, result)
    assert documents.read(Score, path) == result


def test_a_category_may_have_an_empty_name_without_a_word_of_the_scorer(capfd: pytest.CaptureFixture[str]) -> None:
    truth, found = random_set(1, images=3, objects=9, detections=20, categories=2)
    first, second = truth.categories
    result = scored(replace(truth, categories={first: "", second: "cup"}), found)
    assert set(result.ap_by_category) == {"", "cup"}
    assert capfd.readouterr().err == ""
