import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools.coco import COCO

from harness.data import coco, shapes
from harness.data.shapes import pictures
from harness.data.shapes.figures import CIRCLE, KEYPOINTS, PERSON, RECTANGLE, SKELETON, Figure
from harness.data.shapes.outlines import Convex, Point, circle
from harness.errors import StorageError

COUNT = 60
#: A change of any of these needs another shapes.VERSION: sets of this one are in people's caches.
ANNOTATIONS_SHA256 = {
    "instances": "fe73830fe3f7fb709bf5ecfdd7673d23f30ae2a99631407958db48958953c3e6",
    "person_keypoints": "ec88201463ae512753c32144cd5316eb7bd9b58ca1d5015c0afd661b9bbc119c",
}
PIXELS_SHA256 = {
    1: "a0103cbbb104ee9f06a2a15af83f255cbce7f4944ab426a198ef12c707320446",
    13: "9d06bd530503f89feb5fde381459a7bda7b86d487a83bad1e9111dc8518e73ce",
    17: "da02e34a223509d63f4b620bde86daaf16c7585d85ae48db4ef4b38e6ad432b3",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes") / "set"
    shapes.generate(folder, COUNT, shapes.EVALUATION_SEED)
    return folder


def document(folder: Path, kind: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "annotations" / f"{kind}.json").read_bytes())
    return read


def box_of(mask: NDArray[Any]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("kind", ["instances", "person_keypoints"])
def test_this_versions_annotations_stay_as_they_are(folder: Path, kind: str) -> None:
    content = (folder / "annotations" / f"{kind}.json").read_bytes()
    assert shapes.VERSION == 1
    assert hashlib.sha256(content).hexdigest() == ANNOTATIONS_SHA256[kind]


@pytest.mark.parametrize("number", [1, 13, 17])
def test_this_versions_pixels_stay_as_they_are(number: int) -> None:
    pixels = pictures.draw(shapes.EVALUATION_SEED, number).pixels
    assert shapes.VERSION == 1
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == PIXELS_SHA256[number]


def test_a_picture_depends_on_seed_and_number_alone(folder: Path, tmp_path: Path) -> None:
    shapes.generate(tmp_path / "few", 4, shapes.EVALUATION_SEED)
    shapes.generate(tmp_path / "other", 4, 1)
    for kind in ("instances", "person_keypoints"):
        many, few, other = (document(of, kind) for of in (folder, tmp_path / "few", tmp_path / "other"))
        assert few["images"] == many["images"][:4]
        assert few["annotations"] == [found for found in many["annotations"] if found["image_id"] <= 4]
        assert few["annotations"] != other["annotations"]
    name = "images/000003.jpg"
    assert (tmp_path / "few" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_the_harness_and_pycocotools_read_both_files(folder: Path) -> None:
    for kind in ("instances", "person_keypoints"):
        path = folder / "annotations" / f"{kind}.json"
        annotations = coco.read(path)
        reference = COCO(path)
        assert len(annotations.pictures) == len(reference.imgs) == COUNT
        assert [found["id"] for found in annotations.objects] == sorted(reference.anns)


def test_the_files_are_the_pictures_that_are_annotated(folder: Path) -> None:
    modes = set()
    for number, picture in coco.read(folder / "annotations" / "instances.json").pictures.items():
        with Image.open(folder / "images" / picture.file_name) as image:
            modes.add(image.mode)
            assert image.size == (picture.width, picture.height)
            apart = np.abs(np.asarray(image, np.int16) - pictures.draw(shapes.EVALUATION_SEED, number).pixels)
            assert apart.mean() < 8
    assert modes == {"RGB", "L"}


def test_everything_that_coco_has_occurs(folder: Path) -> None:
    instances, persons = document(folder, "instances"), document(folder, "person_keypoints")
    objects = instances["annotations"]
    a_picture = [sum(found["image_id"] == image["id"] for found in objects) for image in instances["images"]]
    assert set(a_picture) == set(range(8))
    assert {(image["height"], image["width"]) for image in instances["images"]} == set(pictures.SIZES)
    assert {found["category_id"] for found in objects} == {1, 2, 3, 4}
    crowds = [found for found in objects if found["iscrowd"]]
    assert len(crowds) == a_picture.count(0) == COUNT / 20
    assert all(isinstance(crowd["segmentation"], dict) for crowd in crowds)
    for category in (1, 2, 3, 4):
        assert {type(found["segmentation"]) for found in objects if found["category_id"] == category} == {dict, list}
    assert min(found["area"] for found in objects) < 32**2
    assert max(found["area"] for found in objects) > 96**2
    marks = [found["keypoints"][2::3] for found in persons["annotations"]]
    assert {mark for of_one in marks for mark in of_one} == {0, 1, 2}
    assert {0, 17} < {found["num_keypoints"] for found in persons["annotations"]}


def test_persons_are_the_same_in_both_files(folder: Path) -> None:
    instances, persons = document(folder, "instances"), document(folder, "person_keypoints")
    (category,) = persons["categories"]
    assert (category["id"], category["name"], category["keypoints"]) == (1, "person", KEYPOINTS)
    assert category["skeleton"] == [list(line) for line in SKELETON]
    assert persons["images"] == instances["images"]
    extra = {"keypoints", "num_keypoints"}
    plain = [{key: value for key, value in found.items() if key not in extra} for found in persons["annotations"]]
    assert plain == [found for found in instances["annotations"] if found["category_id"] == PERSON]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with NumPy 2
def test_masks_are_what_can_be_seen(folder: Path) -> None:
    reference = COCO(folder / "annotations" / "instances.json")
    for number in reference.imgs:
        drawn = pictures.draw(shapes.EVALUATION_SEED, number)
        annotated = reference.imgToAnns[number]
        assert sum((seen.visible.astype(int) for seen in drawn.objects), np.zeros(1, int)).max() <= 1
        for seen, found in zip(drawn.objects, annotated, strict=True):
            assert found["area"] == np.count_nonzero(seen.visible)
            mask = reference.annToMask(found).astype(bool)
            if isinstance(found["segmentation"], dict):
                assert (mask == seen.visible).all()
            else:
                common, either = np.count_nonzero(mask & seen.visible), np.count_nonzero(mask | seen.visible)
                assert common > 0.94 * either
            left, top, right, bottom = box_of(seen.visible)
            x, y, width, height = found["bbox"]
            assert np.abs(np.array([x - left, y - top, x + width - right, y + height - bottom])).max() < 1.5
            assert max(x - left, y - top, right - x - width, bottom - y - height) < 0.51


def test_keypoints_are_hidden_by_what_is_in_front(folder: Path) -> None:
    persons = {found["id"]: found for found in document(folder, "person_keypoints")["annotations"]}
    object_id = 0
    for number in range(1, COUNT + 1):
        for seen in pictures.draw(shapes.EVALUATION_SEED, number).objects:
            object_id += 1
            for x, y, mark in np.reshape(persons[object_id]["keypoints"], (-1, 3)) if object_id in persons else []:
                assert mark == (0 if x == y == 0 else 1 if seen.hidden[int(y), int(x)] else 2)
    assert object_id >= max(persons)


def test_the_pixels_show_the_object_that_is_in_front() -> None:
    checked = 0
    for number in (1, 2, 3, 4, 5, 6):
        drawn = pictures.draw(shapes.EVALUATION_SEED, number)
        for seen in drawn.objects:
            if seen.figure.category != PERSON:
                (_, colour), *_ = seen.figure.parts
                assert np.abs(np.median(drawn.pixels[seen.visible], axis=0) - colour).max() < 6
                checked += 1
    assert checked > 5


def a_circle(centre: Point, radius: float) -> Figure:
    return Figure(CIRCLE, [(circle(centre, radius), (0, 0, 0))])


def a_rectangle(left: float, top: float, right: float, bottom: float) -> Figure:
    return Figure(RECTANGLE, [(Convex([(left, top), (right, top), (right, bottom), (left, bottom)]), (0, 0, 0))])


def test_an_object_that_is_nearly_hidden_is_left_out_and_hides_nothing() -> None:
    small, middle = a_circle((50, 50), 5), a_rectangle(40, 40, 90, 60)
    nearly_all = a_rectangle(54, 40, 90, 60)
    assert [seen.figure for seen in pictures.in_sight([small, middle], 100, 100)] == [middle]
    assert [seen.figure for seen in pictures.in_sight([small, middle, nearly_all], 100, 100)] == [small, nearly_all]
    outside = a_circle((97, -4), 5)
    assert pictures.in_sight([outside], 100, 100) == []


def test_a_box_is_exact_where_the_object_ends_in_sight() -> None:
    behind, front = a_rectangle(10.3, 20.3, 50.4, 40.4), a_rectangle(30.2, 10, 60, 50)
    first, second = pictures.in_sight([behind, front], 100, 100)
    assert first.box == (10.3, 20.3, 30, 40.4)
    assert (first.whole, second.whole) == (False, True)
    assert np.count_nonzero(first.visible) == 20 * 20


def test_a_box_ends_at_the_pictures_border() -> None:
    (seen,) = pictures.in_sight([a_circle((5, 50), 10.25)], 100, 60)
    assert seen.box == (0, 39.75, 15.25, 60.25)
    (turned,) = pictures.in_sight([Figure(RECTANGLE, [(Convex([(-9, 2), (5, 30), (1, 60)]), (0, 0, 0))])], 70, 60)
    assert turned.box[1] > 10, "its upper corner is outside"


@pytest.fixture
def small_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(shapes, "PICTURES", 2)
    return tmp_path / "data" / f"shapes-{shapes.VERSION}"


def test_the_bundled_set_is_generated_once(small_set: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        folders = list(threads.map(lambda _: shapes.bundled(), range(3)))
    assert folders == [small_set] * 3
    assert len(document(small_set, "instances")["images"]) == 2
    (small_set / "images" / "000001.jpg").unlink()
    shapes.bundled()
    assert [path.name for path in (small_set / "images").iterdir()] == ["000002.jpg"]


def test_what_a_killed_process_left_is_replaced(small_set: Path) -> None:
    part = small_set.with_suffix(".part")
    (part / "images").mkdir(parents=True)
    (part / "images" / "000009.jpg").write_bytes(b"half")
    shapes.bundled()
    assert sorted(path.name for path in (small_set / "images").iterdir()) == ["000001.jpg", "000002.jpg"]
    assert not part.exists()


def test_a_cache_folder_that_cannot_be_written_is_one_sentence(small_set: Path) -> None:
    shutil.rmtree(small_set.parent, ignore_errors=True)
    small_set.parent.write_text("a file")
    with pytest.raises(
        StorageError, match=r"shapes-1 can't be written: .*; .*set HARNESS_DATA to a folder elsewhere\.$"
    ):
        shapes.bundled()
