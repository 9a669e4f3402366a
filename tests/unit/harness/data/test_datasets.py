import json
from pathlib import Path

import pytest

from harness.data import datasets, shapes
from harness.data.datasets import CocoFolder
from harness.errors import BadInput, CannotRunHere

NAMES = ["a.jpg", "b.jpg", "c.jpg"]


def annotated(file: Path, names: list[str] = NAMES, keypoints: bool = False) -> Path:
    """Write an annotation file whose images have the ids 10, 20, 30 …; the objects of the first have keypoints."""
    person = {"id": 1, "image_id": 10, "category_id": 1, "bbox": [0, 0, 4, 4], "area": 16}
    dog = {"id": 2, "image_id": 10, "category_id": 2, "bbox": [0, 0, 4, 4], "area": 16}
    marks = {"keypoints": [0] * 51, "num_keypoints": 0} if keypoints else {}
    images = [{"id": 10 * n, "file_name": name, "height": 8, "width": 8} for n, name in enumerate(names, start=1)]
    document = {
        "images": images,
        "annotations": [person | marks, dog] if names else [],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def pictured(folder: Path, names: list[str] = NAMES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def refuses(sentence: str, name: str | None, images: Path | None = None, annotations: Path | None = None) -> None:
    with pytest.raises(BadInput) as caught:
        datasets.find(name, images, annotations)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["images", "val2017", "."])
def test_a_folder_of_coco_format_is_found(tmp_path: Path, place: str) -> None:
    instances = annotated(tmp_path / "annotations" / "instances_val2017.json")
    persons = annotated(tmp_path / "annotations" / "person_keypoints_val2017.json", keypoints=True)
    images = pictured(tmp_path / place)
    assert datasets.find(str(tmp_path), None, None) == CocoFolder(tmp_path.name, images, instances, persons)


@pytest.mark.parametrize("name", ["annotations.json", "_annotations.coco.json"])
@pytest.mark.parametrize("keypoints", [True, False])
def test_a_single_file_serves_both_kinds_where_it_has_keypoints(tmp_path: Path, name: str, keypoints: bool) -> None:
    file = annotated(tmp_path / name, keypoints=keypoints)
    pictured(tmp_path)
    found = datasets.find(str(tmp_path), None, None)
    assert found == CocoFolder(tmp_path.name, tmp_path, file, file if keypoints else None)


def test_a_folder_may_have_keypoints_alone(tmp_path: Path) -> None:
    file = annotated(tmp_path / "annotations" / "person_keypoints_train.json", keypoints=True)
    images = pictured(tmp_path / "train")
    assert datasets.find(str(tmp_path), None, None) == CocoFolder(tmp_path.name, images, None, file)


def test_pictures_and_annotations_may_be_apart(tmp_path: Path) -> None:
    file, images = annotated(tmp_path / "here" / "mine.json"), pictured(tmp_path / "there")
    assert datasets.find(None, images, file) == CocoFolder("mine", images, file, None)


def test_one_of_several_annotation_files_is_named(tmp_path: Path) -> None:
    train = annotated(tmp_path / "annotations" / "instances_train.json", ["t.jpg"])
    annotated(tmp_path / "annotations" / "instances_val.json")
    images = pictured(tmp_path / "train", ["t.jpg"])
    refuses(
        "annotations/instances_train.json, annotations/instances_val.json; name one with --annotations", str(tmp_path)
    )
    assert datasets.find(str(tmp_path), None, train) == CocoFolder(tmp_path.name, images, train, None)


def test_a_keypoint_file_that_is_named_tells_the_split_too(tmp_path: Path) -> None:
    file = annotated(tmp_path / "annotations" / "person_keypoints_val.json", keypoints=True)
    images = pictured(tmp_path / "val")
    assert datasets.find(str(tmp_path), None, file) == CocoFolder(tmp_path.name, images, file, file)


def test_coco_is_found_where_it_was_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    folder = tmp_path / "coco-val2017"
    with pytest.raises(CannotRunHere, match="coco-val2017"):
        datasets.find("coco-val2017", None, None)
    instances = annotated(folder / "annotations" / "instances_val2017.json")
    persons = annotated(folder / "annotations" / "person_keypoints_val2017.json", keypoints=True)
    images = pictured(folder / "val2017")
    (folder / "manifest.json").write_text("{}")
    assert datasets.find("coco-val2017", None, None) == CocoFolder("coco-val2017", images, instances, persons)


def test_shapes_is_generated_on_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setattr(shapes, "PICTURES", 3)
    found = datasets.find("shapes", None, None)
    folder = tmp_path / f"shapes-{shapes.VERSION}"
    assert (found.name, found.images) == ("shapes", folder / "images")
    assert datasets.select(found, False, None, None)[1] == [1, 2, 3]
    assert datasets.select(found, True, None, 2)[1] == [1, 2]


def test_names_that_are_none_get_the_nearest() -> None:
    refuses("there is no dataset 'coco'; did you mean coco-val2017?", "coco")
    refuses("there is no dataset 'shape'; did you mean shapes?", "shape")
    refuses("there is no folder 'no/such'; name one in COCO's format, or one of: shapes, coco-val2017.", "no/such")


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    file = annotated(tmp_path / "mine.json")
    refuses("--images and --annotations belong together", None, tmp_path)
    refuses("--images and --annotations belong together", None, None, file)
    refuses("--dataset has pictures of its own; leave --images out", "shapes", tmp_path)
    refuses("mine.json is a file, not a folder in COCO's format", str(file))


def test_a_known_dataset_keeps_its_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setattr(shapes, "PICTURES", 1)
    refuses("the dataset shapes has annotations of its own", "shapes", None, tmp_path / "mine.json")


def test_a_folder_without_what_coco_format_needs_is_refused(tmp_path: Path) -> None:
    refuses("is not in COCO's format: it has neither annotations/instances*.json nor annotations.json", str(tmp_path))
    file = annotated(tmp_path / "annotations.json")
    tried = " or ".join(str(tmp_path / folder / "a.jpg") for folder in ("images", "annotations", ""))
    refuses(f"none of the pictures of {file} is there; the first would be {tried}; name the folder", str(tmp_path))
    refuses(f"is there; the first would be {tmp_path / 'a.jpg'}; name the folder", None, tmp_path, file)
    annotated(tmp_path / "_annotations.coco.json")
    refuses("has several annotation files: annotations.json, _annotations.coco.json; name one", str(tmp_path))


def test_annotations_without_images_are_refused(tmp_path: Path) -> None:
    refuses("mine.json lists no images; name another", None, tmp_path, annotated(tmp_path / "mine.json", names=[]))


@pytest.fixture
def dataset(tmp_path: Path) -> CocoFolder:
    file = annotated(tmp_path / "mine.json", keypoints=True)
    return datasets.find(None, pictured(tmp_path / "images"), file)


def test_the_whole_set_is_chosen_in_the_files_order(dataset: CocoFolder) -> None:
    annotations, ids = datasets.select(dataset, False, None, None)
    assert ids == list(annotations.pictures) == [10, 20, 30]
    assert annotations.categories == {1: "person", 2: "dog"}


def test_keypoints_choose_their_categories(dataset: CocoFolder) -> None:
    annotations, ids = datasets.select(dataset, True, None, None)
    assert ids == [10, 20, 30]
    assert annotations.categories == {1: "person"}
    assert [found["id"] for found in annotations.objects] == [1]


def test_a_limit_cuts_the_set(dataset: CocoFolder) -> None:
    annotations, ids = datasets.select(dataset, False, None, 2)
    assert ids == list(annotations.pictures) == [10, 20]
    with pytest.raises(BadInput, match="--limit 0 leaves no picture"):
        datasets.select(dataset, False, None, 0)


def test_ids_come_from_a_file_in_its_order(dataset: CocoFolder, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("# hard ones\n30\n\n 10  # dark\n")
    annotations, ids = datasets.select(dataset, False, file, None)
    assert ids == list(annotations.pictures) == [30, 10]
    assert datasets.select(dataset, False, file, 1)[1] == [30]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("10\nb.jpg\n", "ids.txt, line 2: 'b.jpg' is no image id; write one integer a line"),
        ("10 20\n", "ids.txt, line 1: '10 20' is no image id"),
        ("10\n\n10\n", "ids.txt, line 3: 10 is on line 1 already"),
        ("10\n40\n", "ids.txt, line 2: 40 is not in "),
        ("# none\n\n", "ids.txt names no images"),
    ],
)
def test_the_first_wrong_line_of_ids_is_named(dataset: CocoFolder, tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "ids.txt").write_text(text)
    with pytest.raises(BadInput) as caught:
        datasets.select(dataset, False, tmp_path / "ids.txt", None)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe1"])
def test_ids_that_are_no_text_are_refused(dataset: CocoFolder, tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "ids.txt").write_bytes(content)
    with pytest.raises(BadInput, match=r"ids\.txt can't be read: "):
        datasets.select(dataset, False, tmp_path / "ids.txt", None)


def test_a_kind_that_the_dataset_has_not_is_refused(tmp_path: Path) -> None:
    dataset = CocoFolder("mine", tmp_path, None, None)
    with pytest.raises(BadInput, match="the dataset mine has no person keypoints, so keypoint models can't be scored"):
        datasets.select(dataset, True, None, None)
    with pytest.raises(BadInput, match="the dataset mine has no instances, so models other than keypoint models can't"):
        datasets.select(dataset, False, None, None)


def test_a_missing_picture_is_refused_only_where_it_is_chosen(dataset: CocoFolder) -> None:
    (dataset.images / "c.jpg").unlink()
    datasets.require_pictures(dataset, datasets.select(dataset, False, None, 2)[0])
    with pytest.raises(BadInput, match=r"there is no picture /.*/images/c\.jpg, which .*mine\.json lists; complete"):
        datasets.require_pictures(dataset, datasets.select(dataset, False, None, None)[0])


def of_background(file: Path, used: bool) -> Path:
    document = json.loads(annotated(file).read_text())
    document["categories"].append({"id": 0, "name": "things"})
    if used:
        document["annotations"][1]["category_id"] = 0
    file.write_text(json.dumps(document))
    return file


def test_objects_that_no_model_can_find_are_refused(tmp_path: Path) -> None:
    images = pictured(tmp_path / "images")
    dataset = datasets.find(None, images, of_background(tmp_path / "mine.json", used=True))
    with pytest.raises(
        BadInput, match=r"1 of 2 objects of .*mine\.json are of category 0 \(things\), which is the back"
    ):
        datasets.select(dataset, False, None, None)
    empty = datasets.find(None, images, of_background(tmp_path / "empty.json", used=False))
    assert datasets.select(empty, False, None, None)[1] == [10, 20, 30]


def test_a_picture_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    refuses(
        "has the file_name 'a.jpg' of the image", None, tmp_path, annotated(tmp_path / "m.json", ["a.jpg", "a.jpg"])
    )
