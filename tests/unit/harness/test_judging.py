"""A pass that can't be scored takes no other's scores along."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness import documents, judging
from harness.data import coco, shapes
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder, is_held
from harness.errors import BadDocument, BadInput
from harness.judging import judge
from harness.progress import Silent
from runner.contract import Dataset, Detections, Job, rows
from runner.contract.rows import ImageDetections, Row, Times
from tests.samples import job, ok_result, plan

MODELS = ["ssd300_vgg16", "retinanet_resnet50_fpn", "ssdlite320_mobilenet_v3_large"]
PASSED = Detections("detections.sqlite", 3, 3, 0, [], 5.0, 3000.0, 900.0, 100.0, 12.0, 20.0, 2000.0, 30.0, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of three passes over three pictures: one box in each, but what one of them left is no database."""
    shapes.generate(tmp_path / "set", 3, 0)
    annotations = coco.read(tmp_path / "set" / "annotations" / "instances.json")
    files = [picture.file_name for picture in annotations.pictures.values()]
    dataset = Dataset("set", annotations.sha256, [1, 2, 3, 4], list(annotations.pictures), files)
    jobs = [
        replace(job(builder), suite="accuracy", dataset=dataset, images=[], cell=f"cell-of-{builder}")
        for builder in MODELS
    ]
    run = RunFolder.create(tmp_path / "run", "run")
    cells = [PlannedCell(each, named=True, annotations=str(annotations.path)) for each in jobs]
    documents.write(run.path / "plan.json", plan(*cells))
    for each in jobs:
        place = run.clear(each)
        documents.write(place / "result.json", ok_result(each, latency=None, detections=PASSED))
        with rows.writing(place / "detections.sqlite", "a key") as writer:
            writer.append([_row(number, annotations) for number in annotations.pictures])
    (run.cell_folder(jobs[1]) / "detections.sqlite").write_bytes(b"no database")
    return run


def _row(image_id: int, annotations: coco.Annotations) -> Row:
    picture = annotations.pictures[image_id]
    detections = ImageDetections(np.array([[1.0, 1.0, 9.0, 9.0]]), np.array([0.5]), np.array([1]))
    return Row(image_id, picture.file_name, Times(), None, picture.height, picture.width, "ab" * 32, detections)


def scored(folder: RunFolder) -> list[bool]:
    jobs: list[Job] = [cell.job for cell in folder.plan.cells]
    return [folder.scores(each) is not None for each in jobs]


def test_the_others_keep_their_scores_and_the_sentence_names_the_cell(folder: RunFolder) -> None:
    (error,) = judge(folder, Silent())
    assert scored(folder) == [True, False, True]
    assert isinstance(error, BadDocument)
    assert str(error).startswith("cell-of-retinanet_resnet50_fpn can't be scored: ")
    assert "is no detection pass" in str(error)


def test_nobody_executes_a_run_while_it_is_scored_anew(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool | None] = []
    monkeypatch.setattr(judging, "score_cells", lambda *_, **__: held.append(is_held(folder.lock_path)))
    judging.rescored(folder, Silent(), "hotcoco")
    assert held == [True]
    with folder.locked(), pytest.raises(BadInput, match="is being executed by another process"):
        judging.rescored(folder, Silent(), "hotcoco")


def test_what_a_model_gave_that_is_no_number_is_no_score(folder: RunFolder) -> None:
    of = folder.plan.cells[1].job
    place = folder.cell_folder(of) / "detections.sqlite"
    place.unlink()
    detections = ImageDetections(np.array([[1.0, 1.0, np.nan, 9.0]]), np.array([0.5]), np.array([1]))
    with rows.writing(place, "a key") as writer:
        for number in of.dataset.ids if of.dataset else []:
            writer.append([Row(number, f"{number}.jpg", Times(), None, 9, 9, "ab" * 32, detections)])
    (error,) = judge(folder, Silent())
    assert "has a number that is not finite" in str(error)
