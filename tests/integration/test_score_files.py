"""harness score on files, as a person runs it, against pycocotools on the same files."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from harness.data.coco import Annotations
from harness.scoring.detections import Detected
from tests.integration.commands import fails, harness
from tests.unit.harness.scoring_sets import HEIGHT, WIDTH, random_set


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return an annotation file and a detections file of boxes at a grid of tenths."""
    folder = tmp_path_factory.mktemp("score")
    truth, found = random_set(5, images=12, objects=60, detections=200, categories=4)
    for number, entry in enumerate(truth.objects, start=1):
        entry["id"] = number  # COCOeval takes a match with the id 0 for none
    annotations, detections = folder / "annotations.json", folder / "detections.json"
    annotations.write_text(json.dumps(_dataset(truth)))
    detections.write_text(json.dumps(_results(found)))
    return annotations, detections


def _dataset(truth: Annotations) -> dict[str, Any]:
    return {
        "images": [
            {"id": known, "file_name": picture.file_name, "height": HEIGHT, "width": WIDTH}
            for known, picture in truth.pictures.items()
        ],
        "categories": [{"id": known, "name": name} for known, name in truth.categories.items()],
        "annotations": truth.objects,
    }


def _results(found: Detected) -> list[dict[str, Any]]:
    assert found.boxes_xywh is not None
    columns = zip(found.image_ids, found.category_ids, found.scores, found.boxes_xywh + 0.1, strict=True)
    return [
        {"image_id": int(image), "category_id": int(category), "score": float(score), "bbox": box.tolist()}
        for image, category, score, box in columns
    ]


def _reference(annotations: Path, detections: Path) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        evaluation = COCOeval(truth, truth.loadRes(str(detections)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    numbers: list[float] = evaluation.stats.tolist()
    return numbers


@pytest.mark.parametrize("scorer", ["hotcoco", "pycocotools"])
def test_the_numbers_are_pycocotools_own_on_the_same_files(files: tuple[Path, Path], scorer: str) -> None:
    annotations, detections = files
    done = harness(
        *("score", "--annotations", annotations, "--detections", detections),
        *("--iou", "bbox", "--scorer", scorer, "--json"),
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["iou"], result["box_rule"], result["scorer"]) == ("bbox", "float", scorer)
    assert list(result["metrics"].values()) == pytest.approx(_reference(annotations, detections), abs=1e-12, rel=0)
    assert result["interval"]["low"] < result["metrics"]["AP"] < result["interval"]["high"]


def test_the_box_rule_changes_the_numbers_of_boxes(files: tuple[Path, Path]) -> None:
    annotations, detections = files
    done = harness(
        *("score", "--annotations", annotations, "--detections", detections),
        *("--iou", "bbox", "--box-rule", "truncate-int", "--json"),
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["box_rule"] == "truncate-int"
    assert result["metrics"]["AP"] != pytest.approx(_reference(annotations, detections)[0])


def test_a_person_sees_the_metrics_and_the_interval(files: tuple[Path, Path]) -> None:
    annotations, detections = files
    done = harness("score", "--annotations", annotations, "--detections", detections, "--iou", "bbox")
    assert done.returncode == 0, done.stderr
    assert "200 detections of 60 objects in 12 images" in done.stdout
    assert "95 % interval over images" in done.stdout
    assert "ARmax=100" in done.stdout


def test_bad_input_ends_in_a_sentence(files: tuple[Path, Path], tmp_path: Path) -> None:
    annotations, detections = files
    half = tmp_path / "half.json"
    half.write_bytes(detections.read_bytes()[:1000])
    command = ("score", "--annotations", annotations, "--iou")
    fails(2, "is not whole JSON", *command, "bbox", "--detections", half)
    fails(2, "entry 0 of", *command, "segm", "--detections", detections)
    fails(2, "there is no kind of IoU 'box'; did you mean bbox?", *command, "box", "--detections", detections)
    fails(2, "there is no annotation file", "score", "--annotations", tmp_path / "no", "--detections", detections)
