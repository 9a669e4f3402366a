"""Reading detections in COCO's results format, and every way in which they can be wrong."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask

from harness.data.coco import Picture
from harness.documents.scores import Iou
from harness.errors import BadInput
from harness.scoring import masks
from harness.scoring.detections import check, from_json
from tests.unit.harness.scoring_sets import HEIGHT, WIDTH, annotations, box, boxes

TRUTH = annotations([1, 7], [3], [box(7, 3, [0, 0, 50, 50])])
BOX = {"image_id": 7, "category_id": 3, "bbox": [1, 2.5, 3, 4], "score": 0.5}
WHOLE = {"size": [HEIGHT, WIDTH], "counts": [10, 5, HEIGHT * WIDTH - 15]}
MASK = {"image_id": 7, "category_id": 3, "segmentation": WHOLE, "score": 0.5}
POSE = {"image_id": 7, "category_id": 3, "keypoints": [1, 2, 2] * 17, "score": 0.5}


def written(folder: Path, content: Any) -> Path:
    path = folder / "detections.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def encoded(bitmap: NDArray[np.uint8]) -> bytes:
    counts = mask.encode(bitmap)["counts"]
    assert isinstance(counts, bytes)
    return counts


def test_boxes_come_as_the_file_has_them(tmp_path: Path) -> None:
    found = from_json(written(tmp_path, [BOX, {**BOX, "score": 1, "area": 12}]), TRUTH, "bbox")
    assert found.boxes_xywh is not None
    assert found.boxes_xywh.tolist() == [[1, 2.5, 3, 4]] * 2
    assert (found.image_ids.tolist(), found.category_ids.tolist(), found.scores.tolist()) == ([7, 7], [3, 3], [0.5, 1])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_is_read_over(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "detections.json"
    path.write_text(json.dumps([BOX]), encoding=encoding)
    assert from_json(path, TRUTH, "bbox").scores.tolist() == [0.5]


def test_keypoints_come_as_rows_of_three(tmp_path: Path) -> None:
    found = from_json(written(tmp_path, [POSE]), TRUTH, "keypoints")
    assert found.keypoints is not None
    assert found.keypoints.shape == (1, 17, 3)
    assert found.keypoints[0, 16].tolist() == [1, 2, 2]


def test_masks_of_each_form_come_as_compressed_run_lengths(tmp_path: Path) -> None:
    bitmap = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    bitmap[2:9, 4:20] = 1
    compressed = encoded(bitmap)
    flat = bitmap.ravel(order="F")
    runs = np.diff([0, *(np.flatnonzero(np.diff(flat)) + 1).tolist(), len(flat)]).tolist()
    forms: list[Any] = [
        {"size": [HEIGHT, WIDTH], "counts": compressed.decode()},
        {"size": [HEIGHT, WIDTH], "counts": runs},
        [[4, 2, 20, 2, 20, 9, 4, 9]],
    ]
    found = from_json(written(tmp_path, [{**MASK, "segmentation": form} for form in forms]), TRUTH, "segm")
    assert found.masks == [compressed] * 3


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), min_size=7, max_size=7), min_size=1, max_size=9))
def test_a_mask_is_taken_whole_and_refused_when_cut(rows: list[list[int]]) -> None:
    bitmap = np.asfortranarray(np.array(rows, np.uint8))
    whole, size = encoded(bitmap), [len(rows), 7]
    picture = Picture("a.jpg", *size)
    assert masks.compressed({"size": size, "counts": whole.decode()}, picture) == whole
    with pytest.raises(ValueError, match=r"RLE|add up"):
        masks.compressed({"size": size, "counts": whole.decode()[:-1]}, picture)


@pytest.mark.parametrize("iou", ["bbox", "segm", "keypoints"])
def test_an_empty_list_is_no_mistake(tmp_path: Path, iou: Iou) -> None:
    assert len(from_json(written(tmp_path, []), TRUTH, iou)) == 0


@pytest.mark.parametrize(
    ("iou", "content", "sentence"),
    [
        ("bbox", json.dumps([BOX])[:30], "is not whole JSON (EOF while parsing"),
        ("bbox", "", "is empty"),
        ("bbox", {"annotations": [BOX]}, "is not a list of detections"),
        ("bbox", [BOX, [1, 2]], "entry 1 of"),
        ("bbox", [BOX, {**BOX, "bbox": [1, 2, 3]}], "entry 1 of detections.json is not usable: bbox.3"),
        ("bbox", [{**BOX, "score": "0.5"}], "entry 0 of detections.json is not usable: score: Input should be a valid"),
        ("bbox", [{**BOX, "score": True}], "entry 0 of detections.json is not usable: score: Input should be a valid"),
        ("bbox", [{**BOX, "image_id": 7.5}], "entry 0 of detections.json is not usable: image_id"),
        ("bbox", [{**BOX, "image_id": 10**30}], "entry 0 of detections.json is not usable: image_id"),
        ("bbox", [BOX, {**BOX, "score": float("nan")}], "entry 1 of detections.json is not usable: score: Input"),
        ("bbox", [{**BOX, "bbox": [1, 2, 3, float("inf")]}], "entry 0 of detections.json is not usable: bbox.3: Input"),
        ("bbox", [BOX, MASK], "entry 1 of detections.json lacks bbox"),
        ("segm", [BOX], "entry 0 of detections.json lacks segmentation"),
        ("keypoints", [BOX], "entry 0 of detections.json lacks keypoints"),
        (
            "bbox",
            [BOX, {**BOX, "image_id": 2}],
            "entry 1 of detections.json has the image id 2, which annotations.json",
        ),
        ("bbox", [{**BOX, "bbox": [1, 2, 3, 1e200]}], "entry 0 of detections.json is far outside of any picture"),
        ("segm", [{**MASK, "segmentation": [[0, 0, 1e9, 0, 1e9, 1e9]]}], "a polygon is far outside of its picture"),
        (
            "segm",
            [{**MASK, "segmentation": {"size": [9, 9], "counts": [81]}}],
            "its size is [9, 9], that of its picture",
        ),
        ("segm", [{**MASK, "segmentation": {**WHOLE, "counts": [10, 5]}}], "run lengths do not add up to the 30000"),
        ("segm", [{**MASK, "segmentation": {**WHOLE, "counts": "\u0001"}}], "segmentation: invalid RLE"),
        ("segm", [{**MASK, "segmentation": {**WHOLE, "counts": None}}], "counts are neither run lengths nor"),
        ("segm", [{**MASK, "segmentation": [[1, 2, 3, 4]]}], "a polygon needs at least three points"),
        ("segm", [{**MASK, "segmentation": 5}], "entry 0 of detections.json is not usable: segmentation"),
        ("keypoints", [{**POSE, "keypoints": [1, 2, 2]}], "entry 0 of detections.json is not usable: keypoints"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, iou: Iou, content: Any, sentence: str
) -> None:
    written(tmp_path, content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as wrong:
        from_json(Path("detections.json"), TRUTH, iou)
    assert sentence in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no detections file"):
        from_json(tmp_path / "none.json", TRUTH, "bbox")
    with pytest.raises(BadInput, match="can't be read: Is a directory"):
        from_json(tmp_path, TRUTH, "bbox")


def test_numbers_that_are_not_finite_are_found_wherever_they_come_from() -> None:
    found = boxes([(7, 3, 0.5, [0.0, 0.0, 1.0, 1.0]), (7, 3, 0.5, [0.0, 0.0, float("nan"), 1.0])])
    with pytest.raises(BadInput, match="entry 1 of the run has a number that is not finite"):
        check(found, TRUTH, "the run")


def test_masks_in_images_of_unknown_size_are_the_annotations_lack(tmp_path: Path) -> None:
    unknown = replace(TRUTH, pictures=dict.fromkeys(TRUTH.pictures, Picture("", None, None)))
    mask = [[0, 0, 8, 0, 8, 8]]
    found = [{"image_id": next(iter(TRUTH.pictures)), "category_id": 1, "score": 0.5, "segmentation": mask}]
    with pytest.raises(
        BadInput, match="has no height and width, which scoring masks needs; add them to the annotations"
    ):
        from_json(written(tmp_path, found), unknown, "segm")
