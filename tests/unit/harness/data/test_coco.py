import copy
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.data import coco
from harness.data.coco import Annotations, Picture
from harness.errors import BadInput
from harness.scoring.detections import from_json

KEYPOINTS = [10.0, 20.0, 2] * 17
GOOD: dict[str, Any] = {
    "images": [
        {"id": 7, "file_name": "b.jpg", "height": 48, "width": 64},
        {"id": 3, "file_name": "in/a.jpg", "height": 24, "width": 32},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
    "annotations": [
        {"id": 1, "image_id": 3, "category_id": 18, "bbox": [1, 2, 3.5, 0], "area": 9.5},
        {
            "id": 2,
            "image_id": 7,
            "category_id": 1,
            "bbox": [0.0, 0, 8, 8],
            "area": 64,
            "iscrowd": 1,
            "segmentation": {"size": [48, 64], "counts": [0, 3072]},
            "keypoints": KEYPOINTS,
            "num_keypoints": 17,
        },
        {
            "id": 5,
            "image_id": 7,
            "category_id": 18,
            "bbox": [0, 0, 8, 8],
            "area": 32,
            "iscrowd": 0,
            "segmentation": [[0, 0, 8, 0, 8.5, 8], [0, 0, 8, 0, 8, 8, 0, 8]],
        },
    ],
}


def written(folder: Path, document: object) -> Path:
    path = folder / "instances.json"
    path.write_text(json.dumps(document))
    return path


def changed(table: str, index: int, **values: object) -> dict[str, Any]:
    """Return the good document with other values in one entry; None takes a key away."""
    document = copy.deepcopy(GOOD)
    entry = document[table][index] | values
    document[table][index] = {key: value for key, value in entry.items() if value is not None}
    return document


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        coco.read(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    annotations = coco.read(path)
    assert annotations.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(annotations.pictures.items()) == [(7, Picture("b.jpg", 48, 64)), (3, Picture("in/a.jpg", 24, 32))]
    assert annotations.categories == {1: "person", 18: "dog"}
    assert [found["id"] for found in annotations.objects] == [1, 2, 5]
    assert [found["iscrowd"] for found in annotations.objects] == [0, 1, 0]


@pytest.mark.parametrize(
    ("table", "index", "values", "wrong"),
    [
        ("images", 1, {"id": None}, "images[1] has no integer id"),
        ("images", 1, {"id": "3"}, "images[1] has no integer id"),
        ("images", 1, {"id": True}, "images[1] has no integer id"),
        ("images", 1, {"id": 2**63}, "which does not fit into 64 bits"),
        ("images", 1, {"id": 7}, "images[1] has the id 7 of an earlier one"),
        ("images", 0, {"file_name": 5}, "images[0] has a file_name that is no text"),
        ("images", 0, {"file_name": "\ud800.jpg"}, "images[0] has a file_name that is no text"),
        ("images", 0, {"height": "48"}, "images[0] has no height and width"),
        ("images", 0, {"width": 0}, "images[0] has no height and width"),
        ("images", 0, {"width": 64.5}, "images[0] has no height and width"),
        ("categories", 1, {"id": None}, "categories[1] has no integer id"),
        ("categories", 1, {"id": 1}, "categories[1] has the id 1 of an earlier one"),
        ("categories", 1, {"name": None}, "categories[1] has no name that is text"),
        ("categories", 1, {"name": "half of a pair: \ud800"}, "categories[1] has no name that is text"),
        ("annotations", 2, {"id": None}, "annotations[2] has no integer id"),
        ("annotations", 2, {"id": 1}, "annotations[2] has the id 1 of an earlier one"),
        ("annotations", 0, {"image_id": 4}, "annotations[0] has the image_id 4, which is not in the file"),
        ("annotations", 0, {"image_id": [3]}, "annotations[0] has the image_id [3]"),
        ("annotations", 0, {"category_id": 2}, "annotations[0] has the category_id 2, which is not in the file"),
        ("annotations", 0, {"bbox": None}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, 3]}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, 3, "4"]}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, 3, float("nan")]}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, 3, 10**400]}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, -3, 4]}, "annotations[0] has a bbox that is not"),
        ("annotations", 0, {"bbox": [1, 2, 3, 1e10]}, "annotations[0] has a bbox far outside of any picture"),
        ("annotations", 0, {"area": -1}, "annotations[0] has an area that is not a finite number, or negative"),
        ("annotations", 0, {"area": float("inf")}, "annotations[0] has an area that is not a finite number"),
        ("annotations", 0, {"iscrowd": 2}, "annotations[0] has the iscrowd 2"),
        ("annotations", 1, {"keypoints": KEYPOINTS[:-1]}, "annotations[1] has keypoints that are not"),
        ("annotations", 1, {"keypoints": "51"}, "annotations[1] has keypoints that are not"),
        ("annotations", 1, {"keypoints": [1e12, *KEYPOINTS[1:]]}, "annotations[1] has keypoints far outside"),
        ("annotations", 1, {"num_keypoints": "17"}, "annotations[1] has a num_keypoints that does not count"),
        ("annotations", 1, {"num_keypoints": 18}, "annotations[1] has a num_keypoints that does not count"),
    ],
)
def test_the_first_wrong_entry_is_named(
    tmp_path: Path, table: str, index: int, values: dict[str, object], wrong: str
) -> None:
    sentence = refusal(written(tmp_path, changed(table, index, **values)))
    assert wrong in sentence
    assert sentence.endswith("; correct the file, or export it in COCO's format again.")


@pytest.mark.parametrize("table", ["images", "categories", "annotations"])
def test_an_entry_that_is_no_object_is_named(tmp_path: Path, table: str) -> None:
    assert f"{table}[0] has no integer id" in refusal(written(tmp_path, GOOD | {table: [None]}))


@pytest.mark.parametrize(
    "document", [[], {}, "text", {"images": [], "annotations": []}, GOOD | {"annotations": {}}, GOOD | {"images": None}]
)
def test_other_json_is_not_coco(tmp_path: Path, document: object) -> None:
    sentence = refusal(written(tmp_path, document))
    assert "is not in COCO's format: it needs the lists images, annotations, categories" in sentence


@pytest.mark.parametrize("content", [json.dumps(GOOD).encode()[:300], b"\x00\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_cut_in_half_is_not_json(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(content)
    sentence = refusal(path)
    assert "is not JSON" in sentence
    assert "fetch or export it again" in sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; fetch or export it again"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (gzip.compress(json.dumps(GOOD).encode()), "is compressed by gzip; unpack it"),
        (b"PK\x03\x04" + bytes(40), "is a zip archive; unpack it, and name the JSON file in it"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid\n",
            "Git LFS, not the file; fetch the",
        ),
        (b"\n<!DOCTYPE html><title>404</title>", "is a web page or XML, not JSON; fetch the file itself"),
    ],
)
def test_another_file_in_the_place_of_json_is_called_what_it_is(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "annotations.json"
    path.write_bytes(content)
    assert sentence in refusal(path)
    detections = tmp_path / "detections.json"
    detections.write_bytes(content)
    with pytest.raises(BadInput, match=re.escape(sentence)):
        from_json(detections, coco.read(written(tmp_path, GOOD)), "bbox")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "there is no annotation file" in refusal(tmp_path / "missing.json")
    assert "Is a directory" in refusal(tmp_path)


def test_some_pictures_come_with_their_objects_alone(tmp_path: Path) -> None:
    annotations = coco.read(written(tmp_path, GOOD))
    chosen = annotations.of([3])
    assert list(chosen.pictures) == [3]
    assert [found["id"] for found in chosen.objects] == [1]
    assert (chosen.sha256, chosen.categories) == (annotations.sha256, annotations.categories)
    assert list(annotations.of([3, 7]).pictures) == [3, 7]


def test_the_first_id_that_is_not_there_is_named(tmp_path: Path) -> None:
    annotations = coco.read(written(tmp_path, GOOD))
    with pytest.raises(BadInput, match=r"instances\.json has no image with id 4; "):
        annotations.of([7, 4, 5])


def keypoints_of(folder: Path, document: dict[str, Any]) -> Annotations:
    return coco.read(written(folder, document)).with_keypoints()


def test_only_categories_with_keypoints_are_left(tmp_path: Path) -> None:
    marked = keypoints_of(tmp_path, GOOD)
    assert marked.categories == {1: "person"}
    assert [found["id"] for found in marked.objects] == [2]
    assert len(marked.pictures) == 2


def test_empty_lists_of_keypoints_are_none(tmp_path: Path) -> None:
    marked = keypoints_of(tmp_path, changed("annotations", 1, keypoints=[], num_keypoints=0))
    assert (marked.categories, marked.objects) == ({}, [])


@pytest.mark.parametrize(
    ("document", "object_id"),
    [
        (changed("annotations", 1, keypoints=KEYPOINTS[:15], num_keypoints=5), 2),
        (changed("annotations", 0, category_id=1), 1),
    ],
    ids=["five", "none"],
)
def test_other_than_17_keypoints_are_refused(tmp_path: Path, document: dict[str, Any], object_id: int) -> None:
    with pytest.raises(BadInput, match=f"the annotation with id {object_id} has not COCO's 17; give it"):
        keypoints_of(tmp_path, document)


def test_labelled_keypoints_are_counted_where_the_file_does_not(tmp_path: Path) -> None:
    some = [0.0, 0, 0] * 3 + [10.0, 20.0, 1] * 4 + [10.0, 20.0, 2] * 10
    annotations = coco.read(written(tmp_path, changed("annotations", 1, keypoints=some, num_keypoints=None)))
    assert annotations.objects[1]["num_keypoints"] == 14


def test_boxes_need_neither_files_nor_sizes_nor_areas_nor_masks(tmp_path: Path) -> None:
    bare = copy.deepcopy(GOOD)
    elsewhere = "/data/3.jpg"
    bare["images"] = [{"id": 7}, {"id": 3, "file_name": elsewhere, "height": None, "width": None}]
    masks: list[Any] = [None, [], {}]
    for found, mask in zip(bare["annotations"], masks, strict=True):
        found |= {"segmentation": mask, "area": None, "iscrowd": None}
    annotations = coco.read(written(tmp_path, bare))
    assert annotations.pictures == {7: Picture("", None, None), 3: Picture(elsewhere, None, None)}
    assert not any(map(coco.has_mask, annotations.objects))
    assert [found["iscrowd"] for found in annotations.objects] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (None, "the image with id 3 has no file_name"),
        ("/data/a.jpg", "the image with id 3 has the file_name '/data/a.jpg', which leads out of the folder"),
        ("in/../../a.jpg", "the image with id 3 has the file_name 'in/../../a.jpg', which leads out of the folder"),
        ("b.jpg", "the image with id 3 has the file_name 'b.jpg' of the image with id 7"),
        ("./b.jpg", "the image with id 3 has the file_name './b.jpg' of the image with id 7"),
    ],
)
def test_a_run_needs_a_file_of_its_own_for_each_picture(tmp_path: Path, name: str | None, sentence: str) -> None:
    annotations = coco.read(written(tmp_path, changed("images", 1, file_name=name)))
    with pytest.raises(BadInput, match=sentence):
        coco.require_files(annotations)
