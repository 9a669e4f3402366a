"""The interval of AP: its weighted AP against COCOeval on sets in which images really are repeated."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.data.coco import Annotations, Picture
from harness.scoring import by_hotcoco, by_pycocotools, coco_data, interval
from harness.scoring.curves import RECALLS
from harness.scoring.detections import Detected
from harness.scoring.evaluate import score
from harness.scoring.evaluation import Evaluation
from harness.scoring.interval import average_precision, bootstrap
from harness.scoring.matches import Matches
from tests.unit.harness.scoring_sets import annotations, box, boxes, random_set


def evaluation(truth: Annotations, found: Detected) -> Evaluation:
    return by_hotcoco.evaluate(
        coco_data.dataset(truth, "bbox"), coco_data.results(truth, found, "bbox", "float"), "bbox"
    )


def repeated(truth: Annotations, found: Detected, drawn: list[int]) -> tuple[Annotations, Detected]:
    """Return the set with each image, in the order of ids, as often as it was drawn, under new ids."""
    pictures: dict[int, Picture] = {}
    objects, copies = [], []
    for image_id, times in zip(sorted(truth.pictures), drawn, strict=True):
        for _ in range(times):
            new = len(pictures) + 1
            pictures[new] = truth.pictures[image_id]
            objects += [{**entry, "image_id": new} for entry in truth.objects if entry["image_id"] == image_id]
            copies.append((new, np.flatnonzero(found.image_ids == image_id)))
    rows = np.concatenate([rows for _, rows in copies])
    assert found.boxes_xywh is not None
    return replace(truth, pictures=pictures, objects=objects), Detected(
        np.concatenate([np.full(len(rows), new, np.int64) for new, rows in copies]),
        found.category_ids[rows],
        found.scores[rows],
        boxes_xywh=found.boxes_xywh[rows],
    )


def with_scores_that_tie_only_across_images(found: Detected) -> Detected:
    scores: NDArray[np.float64] = np.zeros(len(found))
    for image_id in np.unique(found.image_ids):
        rows = np.flatnonzero(found.image_ids == image_id)
        scores[rows] = np.random.default_rng(len(rows)).permutation(len(rows)) / 100
    return replace(found, scores=scores)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), images=st.integers(1, 8), detections=st.sampled_from([0, 3, 60]))
def test_each_image_drawn_once_gives_the_scorer_s_own_ap(seed: int, images: int, detections: int) -> None:
    truth, found = random_set(seed, images, objects=15, detections=detections, categories=3)
    plain = evaluation(truth, found)
    once = average_precision(plain.matches, np.ones((1, images), np.int64))
    assert np.nan_to_num(once, nan=-1) == pytest.approx(plain.summary[0], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), drawn=st.lists(st.integers(0, 3), min_size=5, max_size=5).filter(any))
def test_weights_give_the_ap_of_a_set_with_images_repeated(seed: int, drawn: list[int]) -> None:
    truth, found = random_set(seed, images=5, objects=20, detections=40, categories=2)
    found = with_scores_that_tie_only_across_images(found)
    weighted = average_precision(evaluation(truth, found).matches, np.array([drawn]))
    copy, copied = repeated(truth, found, drawn)
    reference = by_pycocotools.evaluate(
        coco_data.dataset(copy, "bbox"), coco_data.results(copy, copied, "bbox", "float"), "bbox"
    )
    assert np.nan_to_num(weighted, nan=-1) == pytest.approx(reference.summary[0], abs=1e-12)


def test_resamples_in_small_blocks_are_those_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    matches = evaluation(*random_set(4, images=12, objects=40, detections=90, categories=3)).matches
    drawn = np.random.default_rng(0).integers(0, 3, (50, 12))
    whole = average_precision(matches, drawn)
    monkeypatch.setattr(interval, "BLOCK", 640)
    assert average_precision(matches, drawn) == pytest.approx(whole, abs=1e-12)


def test_the_interval_is_that_of_a_known_distribution() -> None:
    """Every second of 40 images has its one object found: how many of 40 draws do is binomial, 14 to 26 in 95 %."""
    truth = annotations(list(range(40)), [1], [box(image, 1, [0, 0, 50, 50]) for image in range(40)])
    found = boxes([(image, 1, 0.5, [0.0, 0.0, 50.0, 50.0]) for image in range(0, 40, 2)])
    drawn = bootstrap(evaluation(truth, found).matches, resamples=4000)
    reached = [float(np.mean(recall / 40 >= RECALLS)) for recall in (14, 26)]
    assert [drawn.low, drawn.high] == pytest.approx(reached)


def test_the_interval_is_the_same_every_time() -> None:
    matches = evaluation(*random_set(4, images=12, objects=40, detections=90, categories=3)).matches
    first = bootstrap(matches, resamples=100)
    assert first == bootstrap(matches, resamples=100)
    assert first != bootstrap(matches, resamples=100, seed=first.seed + 1)
    assert first.low < first.high


def test_resamples_without_any_object_are_left_out() -> None:
    truth = annotations([1, 2, 3], [1], [box(1, 1, [0, 0, 50, 50]), box(2, 1, [0, 0, 50, 50])])
    found = boxes([(1, 1, 0.5, [0.0, 0.0, 50.0, 50.0]), (2, 1, 0.5, [0.0, 0.0, 50.0, 50.0])])
    matches = evaluation(truth, found).matches
    only_empty, all_three = average_precision(matches, np.array([[0, 0, 3], [1, 1, 1]]))
    assert np.isnan(only_empty)
    assert all_three == pytest.approx(1)
    drawn = bootstrap(matches, resamples=200)
    assert [drawn.low, drawn.high] == pytest.approx([1, 1])


def test_one_image_with_objects_gives_no_interval_but_the_reason() -> None:
    truth = annotations([1, 2], [1], [box(1, 1, [0, 0, 50, 50]), box(2, 1, [0, 0, 9, 9], iscrowd=1)])
    result = score(truth, boxes([]), "bbox", "float", "hotcoco")
    assert result.interval is None
    assert result.interval_missing_reason == "an interval over images needs two with objects, here 1 have any"


def by_definition(matches: Matches, drawn: NDArray[np.int64]) -> float:
    """Return the AP of one resample (I,), detection by detection."""
    areas = []
    for category in np.flatnonzero(matches.objects @ drawn):
        objects = int(matches.objects[category] @ drawn)
        for threshold in range(matches.found.shape[1]):
            true = counted = 0
            points = []
            for row in np.flatnonzero(matches.category == category):
                times = int(drawn[matches.image[row]])
                counted += 0 if matches.ignored[row, threshold] else times
                true += times if matches.found[row, threshold] else 0
                points.append((true / objects, true / max(counted, 1)))
            areas.append(np.mean([max((p for r, p in points if r >= recall), default=0.0) for recall in RECALLS]))
    return float(np.mean(areas))


def drawn_matches(seed: int, rows: int, images: int) -> Matches:
    """Return matches of three categories, the last without a true detection, and some detections ignored."""
    random = np.random.default_rng(seed)
    category, image = np.sort(random.integers(0, 3, rows)), random.integers(0, images, rows)
    found = (random.random(rows)[:, None] < [0.5, 0.3, 0.1]) & (category < 2)[:, None]
    ignored = ~found & (random.random((rows, 3)) < 0.1)
    objects = np.ones((3, images), np.int64)
    true = found.any(axis=1)
    np.add.at(objects, (category[true], image[true]), 1)
    return Matches(category, image, found, ignored, objects)


@pytest.mark.parametrize("times", [3, 300], ids=["few", "more than a byte holds"])
def test_resamples_have_the_ap_of_the_definition(times: int) -> None:
    matches = drawn_matches(0, rows=60, images=6)
    drawn = np.random.default_rng(1).integers(0, times, (5, 6))
    expected = [by_definition(matches, resample) for resample in drawn]
    assert average_precision(matches, drawn) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), kept=st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_categories_of_any_sizes_have_the_ap_of_the_definition(seed: int, kept: list[int]) -> None:
    random = np.random.default_rng(seed)
    category = np.repeat(np.arange(4), kept)
    image = random.integers(0, 5, len(category))
    found = random.random((len(category), 2)) < random.random(2)
    ignored = ~found & (random.random(found.shape) < 0.3)
    objects = np.zeros((4, 5), np.int64)
    np.add.at(objects, (category, image), found.any(axis=1))
    matches, drawn = Matches(category, image, found, ignored, objects), random.integers(0, 3, (3, 5))
    expected = [by_definition(matches, resample) if (objects @ resample).any() else np.nan for resample in drawn]
    assert average_precision(matches, drawn) == pytest.approx(expected, abs=1e-12, nan_ok=True)
