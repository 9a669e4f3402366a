"""AP of parts, against COCOeval on the pictures of each alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.coco import Annotations, Picture
from harness.documents.scores import ApPart
from harness.scoring.evaluate import evaluation_of
from harness.scoring.parts import NO_OBJECT, ap_by_parts
from tests.unit.harness.scoring_sets import annotations, box, perfect, random_set


def objects_of(truth: Annotations, image_id: int) -> int:
    return sum(entry["image_id"] == image_id and not entry["iscrowd"] for entry in truth.objects)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_ap_of_a_part_is_the_scorer_s_own_of_its_pictures_alone(seed: int) -> None:
    truth, found = random_set(seed, images=8, objects=20, detections=60, categories=3)
    parts = ap_by_parts(truth, evaluation_of(truth, found, "bbox", "float", "hotcoco").matches, resamples=3)
    by_objects = [part for part in parts if part.of == "objects"]
    assert sum(part.images for part in by_objects) == len(truth.pictures)
    for part in by_objects:
        most = 99 if part.most is None else part.most
        here = [number for number in truth.pictures if part.least <= objects_of(truth, number) <= most]
        alone = truth.of(here)
        kept = found.chosen(np.isin(found.image_ids, here))
        assert part.objects == sum(objects_of(truth, number) for number in here)
        if part.ap is None:
            assert part.missing_reason == NO_OBJECT and part.objects == 0
        else:
            own = evaluation_of(alone, kept, "bbox", "float", "hotcoco").summary[0]
            assert part.ap == pytest.approx(own, abs=1e-9)


def sized(sides: list[tuple[int, int] | None], objects: int = 1) -> list[ApPart]:
    """Return the parts by size of pictures with so many objects each, all found."""
    numbers = [*range(1, len(sides) + 1)]
    entries = [box(number, 1, [20.0 * i, 5, 10, 10]) for number in numbers for i in range(objects)]
    truth = annotations(numbers, [1], [{**entry, "id": i} for i, entry in enumerate(entries, 1)])
    pictures = {number: Picture("", *(side or (None, None))) for number, side in zip(numbers, sides, strict=True)}
    truth = replace(truth, pictures=pictures)
    matches = evaluation_of(truth, perfect_boxes(truth), "bbox", "float", "hotcoco").matches
    return [part for part in ap_by_parts(truth, matches, resamples=20) if part.of == "pixels"]


def perfect_boxes(truth: Annotations):  # type: ignore[no-untyped-def]
    posed = [{**entry, "keypoints": [0] * 51} for entry in truth.objects]
    return replace(perfect(replace(truth, objects=posed)), masks=None, keypoints=None)


def test_sizes_part_where_the_pixels_double_and_a_picture_without_size_is_in_none() -> None:
    parts = sized([(480, 640), (640, 480), (240, 320), (1200, 1600), None])
    assert [(part.least, part.most, part.images, part.ap) for part in parts] == [
        (256**2, 362**2 - 1, 1, 1.0),
        (512**2, 724**2 - 1, 2, 1.0),
        (1024**2, 1448**2 - 1, 1, 1.0),
    ]
    assert parts[0].interval is None and parts[0].missing_reason is not None and "needs two" in parts[0].missing_reason
    assert parts[1].interval is not None and (parts[1].interval.low, parts[1].interval.high) == (1.0, 1.0)


def test_a_part_without_an_end_says_so() -> None:
    (part,) = sized([(3000, 3000), (4000, 5000)])
    assert (part.least, part.most) == (2896**2, None)
