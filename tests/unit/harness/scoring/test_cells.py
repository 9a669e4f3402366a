"""From the rows of a detection pass to its scores; the detections are made from the annotations."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as rle

from harness.catalogue import models
from harness.data import coco, shapes
from harness.documents.scores import ApInterval, CellScores, Score
from harness.errors import BadDocument, BadInput
from harness.scoring.cells import beside_torchvision, score_cell
from harness.scoring.evaluate import METRICS
from harness.scoring.kinds import scorable
from runner.contract import Code, Dataset, Job, ModelSpec, Task, Weights, rows
from runner.contract.code import builder_of
from runner.contract.rows import ImageDetections, Row, Times
from tests.samples import job

MASKRCNN, KEYPOINTRCNN, SSDLITE = "maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn", "ssdlite320_mobilenet_v3_large"
PICTURES = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the shapes, with their annotations."""
    made = tmp_path_factory.mktemp("shapes") / "set"
    shapes.generate(made, PICTURES, 0)
    return made


def annotations_of(folder: Path, builder: str) -> Path:
    kind = "person_keypoints" if builder == KEYPOINTRCNN else "instances"
    return folder / "annotations" / f"{kind}.json"


def planned(folder: Path, builder: str, protocol: str = "quick-1") -> Job:
    annotations = coco.read(annotations_of(folder, builder))
    files = [picture.file_name for picture in annotations.pictures.values()]
    ids, categories = list(annotations.pictures), sorted(annotations.categories)
    dataset = Dataset("shapes", annotations.sha256, categories, ids, files)
    return replace(job(builder, protocol=protocol), suite="accuracy", dataset=dataset, images=[])


def perfect(folder: Path, builder: str) -> list[Row]:
    """Make the rows of a model that finds each object that is no crowd exactly, and nothing else."""
    annotations = coco.read(annotations_of(folder, builder))
    made = []
    for image_id, picture in annotations.pictures.items():
        objects = [o for o in annotations.objects if o["image_id"] == image_id and not o["iscrowd"]]
        if builder == KEYPOINTRCNN:
            objects = [o for o in objects if o["num_keypoints"]]
        xywh = np.array([o["bbox"] for o in objects], "float64").reshape(-1, 4)
        detections = ImageDetections(
            boxes=np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]),
            scores=np.linspace(0.9, 0.8, len(objects)),
            labels=np.array([o["category_id"] for o in objects], int),
            masks=[_counts(o, picture) for o in objects] if builder == MASKRCNN else None,
            keypoints=np.array([o["keypoints"] for o in objects]).reshape(-1, 17, 3)
            if builder == KEYPOINTRCNN
            else None,
        )
        made.append(
            Row(image_id, picture.file_name, Times(), None, picture.height, picture.width, "ab" * 32, detections)
        )
    return made


def _counts(entry: dict[str, Any], picture: coco.Picture) -> bytes:
    segmentation, size = entry["segmentation"], picture.size
    assert size is not None
    if isinstance(segmentation, dict):
        return str(segmentation["counts"]).encode()
    counts: bytes = rle.merge(rle.frPyObjects(segmentation, *size))["counts"]  # type: ignore[assignment]
    return counts


def scored(tmp_path: Path, folder: Path, builder: str, made: list[Row], **changes: Any) -> CellScores:
    path = tmp_path / "detections.sqlite"
    with rows.writing(path, "a key") as writer:
        writer.append(made)
    return score_cell(replace(planned(folder, builder), **changes), annotations_of(folder, builder), path, "hotcoco")


def by_kind(scores: CellScores) -> dict[tuple[str, str], Score]:
    return {(each.iou, each.box_rule): each for each in scores.scores}


def test_perfect_masks_have_an_ap_of_one(tmp_path: Path, folder: Path) -> None:
    kinds = by_kind(scored(tmp_path, folder, MASKRCNN, perfect(folder, MASKRCNN)))
    assert list(kinds) == [("bbox", "float"), ("bbox", "truncate-int"), ("segm", "float")]
    assert kinds["bbox", "float"].metrics["AP"] == pytest.approx(1)
    assert kinds["segm", "float"].metrics["AP"] == pytest.approx(1)
    assert list(kinds["segm", "float"].metrics) == list(METRICS["segm"])


def test_perfect_keypoints_have_an_ap_of_one(tmp_path: Path, folder: Path) -> None:
    kinds = by_kind(scored(tmp_path, folder, KEYPOINTRCNN, perfect(folder, KEYPOINTRCNN)))
    assert list(kinds) == [("bbox", "float"), ("bbox", "truncate-int"), ("keypoints", "float")]
    assert kinds["keypoints", "float"].metrics["AP"] == pytest.approx(1)
    assert list(kinds["keypoints", "float"].metrics) == list(METRICS["keypoints"])


def test_truncated_boxes_lose_ap_and_small_objects_lose_most(tmp_path: Path, folder: Path) -> None:
    kinds = by_kind(scored(tmp_path, folder, SSDLITE, perfect(folder, SSDLITE)))
    lost = {name: 1 - kinds["bbox", "truncate-int"].metrics[name] for name in ("APsmall", "APmedium", "APlarge")}
    assert 0 <= lost["APlarge"] <= lost["APmedium"] < lost["APsmall"]


def test_the_protocol_s_own_box_rule_comes_first(tmp_path: Path, folder: Path) -> None:
    published = planned(folder, SSDLITE, "published-2021").protocol
    scores = scored(tmp_path, folder, SSDLITE, perfect(folder, SSDLITE), protocol=published)
    assert [each.box_rule for each in scores.scores] == ["truncate-int", "float"]


def test_detections_of_foreign_categories_are_counted_and_left_out(tmp_path: Path, folder: Path) -> None:
    made = perfect(folder, SSDLITE)
    first = made[0].detections
    assert first is not None
    made[0] = replace(made[0], detections=replace(first, labels=np.full(len(first.labels), 77)))
    scores = scored(tmp_path, folder, SSDLITE, made)
    assert scores.foreign_detections == len(first.labels)
    assert by_kind(scores)["bbox", "float"].detections == sum(
        len(row.detections.scores) for row in made[1:] if row.detections
    )


def test_images_that_could_not_be_read_are_counted_and_left_out(tmp_path: Path, folder: Path) -> None:
    made = perfect(folder, SSDLITE)
    made[0] = Row(made[0].image_id, made[0].file, Times(), failure="the file breaks off")
    scores = scored(tmp_path, folder, SSDLITE, made)
    assert scores.bad_images == 1
    kinds = by_kind(scores)
    assert kinds["bbox", "float"].images == PICTURES - 1
    assert kinds["bbox", "float"].metrics["AP"] == pytest.approx(1)


def test_masks_of_a_picture_read_in_another_size_are_counted_and_left_out(tmp_path: Path, folder: Path) -> None:
    made = perfect(folder, MASKRCNN)
    with_objects = next(i for i, row in enumerate(made) if row.detections and len(row.detections.scores))
    turned = made[with_objects]
    made[with_objects] = replace(turned, height=turned.width, width=turned.height)
    scores = scored(tmp_path, folder, MASKRCNN, made)
    kinds = by_kind(scores)
    assert scores.turned_images == 1
    assert turned.detections is not None
    assert kinds["bbox", "float"].detections - kinds["segm", "float"].detections == len(turned.detections.scores)


def test_changed_annotations_are_refused(tmp_path: Path, folder: Path) -> None:
    path = annotations_of(folder, SSDLITE)
    changed = tmp_path / "instances.json"
    changed.write_text(json.dumps(json.loads(path.read_text()) | {"info": "another"}))
    with pytest.raises(BadInput, match="changed after the run was planned; restore it"):
        score_cell(planned(folder, SSDLITE), changed, tmp_path / "detections.sqlite", "hotcoco")


@pytest.mark.parametrize("content", [b"", b"no database at all"])
def test_a_file_that_is_no_pass_is_one_sentence(tmp_path: Path, folder: Path, content: bytes) -> None:
    path = tmp_path / "detections.sqlite"
    path.write_bytes(content)
    with pytest.raises(BadDocument, match=r"is no detection pass: .*; delete it and run the cell again"):
        score_cell(planned(folder, SSDLITE), annotations_of(folder, SSDLITE), path, "hotcoco")


def val2017(ap: float, **changes: Any) -> Score:
    interval = ApInterval(ap - 0.005, ap + 0.005, 0.95, 1000, 0)
    metrics = dict.fromkeys(METRICS["bbox"], ap)
    plain = Score("bbox", "float", "hotcoco", "1", 5000, 1, 1, metrics, {}, interval, None, None, None)
    return replace(plain, **changes)


def on_val2017(folder: Path, kind: Any = "pretrained") -> Job:
    plain = planned(folder, SSDLITE)
    assert plain.dataset is not None
    model = replace(plain.model, weights=Weights(kind))
    return replace(plain, model=model, dataset=replace(plain.dataset, name="coco-val2017"))


def test_an_ap_beside_the_published_one_names_the_likely_causes(folder: Path) -> None:
    model = models()[SSDLITE]
    (warning,) = beside_torchvision(on_val2017(folder), model, val2017(0.205))
    assert warning.startswith("bbox AP 20.5 (20.0 to 21.0) is not the 21.3 that torchvision publishes")
    for cause in ("integers", "colour channels", "thresholds", "labels"):
        assert cause in warning


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (val2017(0.2125), "pretrained"),
        (val2017(0.2176), "pretrained"),
        (val2017(0.205), "random"),
        (val2017(0.205, images=4999), "pretrained"),
        (val2017(0.205, box_rule="truncate-int"), "pretrained"),
    ],
)
def test_what_is_as_published_or_not_comparable_is_no_warning(folder: Path, of: Score, kind: Any) -> None:
    assert list(beside_torchvision(on_val2017(folder, kind), models()[SSDLITE], of)) == []


def without_masks(folder: Path, tmp_path: Path, keep: int) -> coco.Annotations:
    """Return the annotations, of whose objects the first `keep` alone have masks."""
    tables = json.loads(annotations_of(folder, MASKRCNN).read_text())
    for found in tables["annotations"][keep:]:
        found["segmentation"] = []
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps(tables))
    return coco.read(path)


def test_boxes_are_scored_where_no_object_has_a_mask(tmp_path: Path, folder: Path) -> None:
    bare = without_masks(folder, tmp_path, 0)
    plain = planned(folder, MASKRCNN)
    assert plain.dataset is not None
    mine = replace(plain, dataset=replace(plain.dataset, annotations_sha256=bare.sha256))
    with rows.writing(tmp_path / "detections.sqlite", "a key") as writer:
        writer.append(perfect(folder, MASKRCNN))
    scores = score_cell(mine, bare.path, tmp_path / "detections.sqlite", "hotcoco")
    assert list(by_kind(scores)) == [("bbox", "float"), ("bbox", "truncate-int")]
    assert scores.not_scored == {"segm": "masks are not scored, since no object of boxes.json has one"}


def test_an_object_without_a_mask_among_others_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BadInput, match=r"object 2 of .* has no segmentation, which scoring segm needs"):
        scorable(models()[MASKRCNN], without_masks(folder, tmp_path, 1))


def test_pretrained_weights_beside_other_categories_are_a_warning(tmp_path: Path, folder: Path) -> None:
    model = replace(planned(folder, SSDLITE).model, weights=Weights("pretrained"))
    scores = scored(tmp_path, folder, SSDLITE, perfect(folder, SSDLITE), model=model)
    assert "2 is circle, not bicycle" in scores.warnings[0]


def scored_as_own(
    tmp_path: Path, folder: Path, like: str, made: list[Row], makes: list[Task], annotated: str | None = None
) -> CellScores:
    """Score rows as those of a person's own detector, against the annotations of a catalogued model."""
    path, code = tmp_path / "detections.sqlite", Code("mine", "f", "0" * 64)
    with rows.writing(path, "a key") as writer:
        writer.append(made)
    model = ModelSpec(builder_of(code), Weights("own"), None, code)
    of = replace(planned(folder, annotated or like), model=model)
    return score_cell(of, annotations_of(folder, annotated or like), path, "hotcoco", makes)


@pytest.mark.parametrize(
    ("like", "task", "iou"), [(MASKRCNN, "masks", "segm"), (KEYPOINTRCNN, "keypoints", "keypoints")]
)
def test_own_detectors_are_scored_by_what_they_were_seen_to_make(
    tmp_path: Path, folder: Path, like: str, task: Task, iou: str
) -> None:
    kinds = by_kind(scored_as_own(tmp_path, folder, like, perfect(folder, like), ["boxes", task]))
    assert list(kinds) == [("bbox", "float"), ("bbox", "truncate-int"), (iou, "float")]
    assert kinds[iou, "float"].metrics["AP"] == pytest.approx(1)


def test_keypoints_without_annotated_ones_are_left_out_with_the_reason(tmp_path: Path, folder: Path) -> None:
    bare = folder.with_name("bare")
    (bare / "annotations").mkdir(parents=True)
    tables = json.loads(annotations_of(folder, SSDLITE).read_text())
    for entry in tables["annotations"]:
        entry.pop("keypoints", None)
        entry.pop("num_keypoints", None)
    (bare / "annotations" / "instances.json").write_text(json.dumps(tables))
    made = perfect(folder, KEYPOINTRCNN)
    scores = scored_as_own(tmp_path, bare, KEYPOINTRCNN, made, ["boxes", "keypoints"], SSDLITE)
    assert [each.iou for each in scores.scores] == ["bbox", "bbox"]
    assert scores.not_scored == {"keypoints": "keypoints are not scored, since no object of instances.json has any"}


def test_keypoints_of_another_number_are_no_obstacle_to_boxes(tmp_path: Path, folder: Path) -> None:
    made = [
        replace(row, detections=replace(row.detections, keypoints=np.zeros((len(row.detections.scores), 5, 3))))
        for row in perfect(folder, SSDLITE)
        if row.detections
    ]
    scores = scored_as_own(tmp_path, folder, SSDLITE, made, ["boxes"])
    assert by_kind(scores)["bbox", "float"].metrics["AP"] == pytest.approx(1)
