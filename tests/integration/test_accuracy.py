"""The suite accuracy from the command line to the tables, in real processes and containers, on a few of the shapes."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from harness.data import shapes
from harness.documents.run_folder import Cell, RunFolder
from harness.paths import ROOT
from runner.contract import Detections, rows
from tests import samples
from tests.integration.commands import HARNESS, LITE, each_fails, fails, harness
from tests.integration.downloading import wait_until

RUN = ["run", "--suite", "accuracy", "--device", "cpu", "--weights", "random", "--threads", "1"]
MASKS, KEYPOINTS = "maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn"

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen of the shapes, as a folder in COCO's format."""
    folder = tmp_path_factory.mktemp("data") / "some-shapes"
    shapes.generate(folder, 12, 0)
    return folder


def cells(run: Path) -> dict[tuple[str, str], Cell]:
    return {(cell.job.environment, cell.job.model.builder): cell for cell in RunFolder(run).cells()}


def passed(cell: Cell) -> Detections:
    assert cell.result.detections is not None, cell.result.failure
    return cell.result.detections


def read(run: Path, cell: Cell) -> list[rows.Row]:
    return list(rows.read(run / "cells" / cell.job.cell / passed(cell).file))


@pytest.fixture(scope="module")
def both(cuda102: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of a model of each kind of detection, in the published stack's container and in this interpreter."""
    run = tmp_path_factory.mktemp("runs") / "both"
    models = [text for builder in (LITE, MASKS, KEYPOINTS) for text in ("--model", builder)]
    done = harness(*RUN, *models, "--image", f"{cuda102},local", "--dataset", data, "--limit", "2", "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    return run


@pytest.mark.docker
def test_every_kind_of_detection_is_made_and_scored_in_both_stacks(both: Path) -> None:
    kinds = {
        LITE: ["bbox", "bbox"],
        MASKS: ["bbox", "bbox", "segm"],
        KEYPOINTS: ["bbox", "bbox", "keypoints"],
    }
    for (_, builder), cell in cells(both).items():
        assert (passed(cell).images, passed(cell).bad_images) == (2, [])
        assert cell.scores is not None
        assert [score.iou for score in cell.scores.scores] == kinds[builder]
        found = [row.detections for row in read(both, cell)]
        assert sum(len(each.scores) for each in found if each) == passed(cell).boxes > 0
        assert all((each.masks is not None) == (builder == MASKS) for each in found if each)
        assert all((each.keypoints is not None) == (builder == KEYPOINTS) for each in found if each)


@pytest.mark.docker
def test_both_stacks_saw_the_same_pixels_and_hold_the_same_weights(both: Path) -> None:
    for builder in (LITE, MASKS, KEYPOINTS):
        old, new = (cells(both)[environment, builder] for environment in ("cuda10.2", "local"))
        pixels = [[row.pixels_sha256 for row in read(both, cell)] for cell in (old, new)]
        assert pixels[0] == pixels[1]
        assert old.result.weights_sha256 == new.result.weights_sha256
        assert old.result.software is not None
        assert old.result.software.torch == "1.9.0+cu102"


@pytest.mark.docker
def test_nothing_but_documents_and_detections_is_left(both: Path) -> None:
    left = {path.name for path in both.rglob("*") if path.is_file() and not path.name.startswith("disagreement-")}
    documents = {"plan.json", "job.json", "result.json", "execution.json", "scores.json", "agreement.json"}
    assert left == {".lock", "table.md", "log.txt", "detections.sqlite", *documents}


@pytest.mark.docker
def test_the_tables_are_printed_again_by_report(both: Path) -> None:
    text = harness("report", both, "--published", "--format", "markdown").stdout
    for title in ("AP of boxes in %", "AP of masks in %", "AP of keypoints in %", "Time of the detection pass"):
        assert text.count(f"## {title}, some-shapes, 2 images: ") == 2
    assert "SSDlite320 MobileNetV3-Large, truncate-int" in text
    assert text == harness("report", both, "--published").stdout


@pytest.mark.docker
def test_scoring_again_gives_the_same_numbers_by_either_scorer(both: Path) -> None:
    by = {
        name: json.loads(harness("score", both, "--scorer", name, "--json").stdout)
        for name in ("pycocotools", "hotcoco")
    }
    assert [len(scores) for scores in by.values()] == [6, 6]
    for one, other in zip(by["hotcoco"], by["pycocotools"], strict=True):
        for ours, reference in zip(one["scores"], other["scores"], strict=True):
            assert ours["metrics"] == pytest.approx(reference["metrics"], abs=1e-12)
            assert ours["interval"] == reference["interval"]


@pytest.fixture(scope="module")
def uninterrupted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    done = harness(*RUN, "--model", LITE, "--image", "local", "--dataset", data, "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    return run


@pytest.fixture
def killed(data: Path, tmp_path: Path) -> Iterator[Path]:
    """A run whose every process was killed half-way."""
    run = tmp_path / "killed"
    command = [*HARNESS, *RUN, "--model", LITE, "--image", "local", "--dataset", str(data), "--out", str(run)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: any(path.stat().st_size > 60_000 for path in run.rglob("detections.sqlite-wal")))
    finally:
        process.kill()
        process.wait()
    yield run


def test_a_killed_cell_goes_on_at_the_next_image(killed: Path, uninterrupted: Path) -> None:
    done = harness("run", "--resume", killed)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,), (whole,) = cells(killed).values(), cells(uninterrupted).values()
    assert 0 < passed(cell).resumed_images < 12
    assert passed(cell).boxes == passed(whole).boxes
    assert [row.image_id for row in read(killed, cell)] == [row.image_id for row in read(uninterrupted, whole)]
    assert cell.scores is not None
    assert whole.scores is not None
    assert cell.scores.scores == whole.scores.scores


def test_the_script_in_the_docs_reads_the_detections(uninterrupted: Path) -> None:
    script = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").split("```python\n")[2].split("```")[0]
    path = next(uninterrupted.rglob("detections.sqlite"))
    done = subprocess.run([HARNESS[0], "-c", script, path], capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    (cell,) = cells(uninterrupted).values()
    assert len(lines) == passed(cell).boxes
    first = next(row for row in read(uninterrupted, cell) if row.detections and len(row.detections.scores))
    assert first.detections is not None
    x1, y1, x2, y2 = first.detections.boxes[0]
    numbers = [first.image_id, first.detections.labels[0], first.detections.scores[0], x1, y1, x2 - x1, y2 - y1]
    assert [float(text) for text in lines[0]] == pytest.approx([float(number) for number in numbers])


def test_shards_give_what_the_whole_gives_and_any_is_redone_alone(
    data: Path, tmp_path: Path, uninterrupted: Path
) -> None:
    run = tmp_path / "run"
    command = [*RUN, "--model", LITE, "--image", "local", "--dataset", data, "--shards", "2"]
    assert harness(*command, "--out", run).returncode == 0
    second = next(run.glob("cells/*shard-2-of-2"))
    shutil.rmtree(second)
    again = harness("run", "--resume", run)
    assert again.returncode == 0, again.stdout + again.stderr
    assert [line.endswith("kept") for line in again.stdout.splitlines() if "shard " in line] == [True, False]
    (cell,), (whole,) = cells(run).values(), cells(uninterrupted).values()
    assert cell.scores is not None
    assert whole.scores is not None
    assert cell.scores.scores == whole.scores.scores
    assert table_of(read(run, cell)) == table_of(read(uninterrupted, whole))


def table_of(read: list[rows.Row]) -> list[tuple[int, bytes, bytes]]:
    return [
        (row.image_id, row.detections.boxes.tobytes(), row.detections.scores.tobytes())
        for row in read
        if row.detections
    ]


def copy(data: Path, folder: Path) -> Path:
    return Path(shutil.copytree(data, folder / "copy"))


def truncate(data: Path, name: str) -> None:
    path = data / "images" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_truncated_image_fails_the_cell_and_is_named_or_is_counted(data: Path, tmp_path: Path) -> None:
    mine, run = copy(data, tmp_path), tmp_path / "run"
    truncate(mine, "000003.jpg")
    command = [*RUN, "--model", LITE, "--image", "local", "--dataset", mine, "--limit", "5", "--reader", "pil"]
    done = harness(*command, "--out", run)
    assert done.returncode == 1
    assert "failed: the image 000003.jpg can't be read: the file breaks off" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (mine / "images" / "000002.jpg").unlink()
    done = harness(*command, "--skip-bad-images", "--out", tmp_path / "skipping")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 images could not be read and are left out" in done.stdout
    (cell,) = cells(tmp_path / "skipping").values()
    assert [bad.file for bad in passed(cell).bad_images] == ["000002.jpg", "000003.jpg"]


def of_three_classes() -> dict[str, np.ndarray]:
    """Return weights of the builder for three classes and the background."""
    from runner import compat, weights

    model = compat.build(LITE, 4, lambda named: weights.random_state(LITE, named))
    return {name: value.numpy() for name, value in model.state_dict().items()}


def of_another_model() -> dict[str, np.ndarray]:
    """Return the first layer of SSD300's, which is enough not to fit."""
    return {"backbone.features.0.weight": np.zeros((64, 3, 3, 3), "f4"), "backbone.features.0.bias": np.zeros(64, "f4")}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (of_three_classes, f"the weights of {LITE} know the classes 1 to 3, but some-shapes has the category 4"),
        (of_another_model, f"the weights mine.safetensors do not fit {LITE}"),
    ],
)
def test_weights_for_other_classes_or_another_model_are_named(
    data: Path, tmp_path: Path, state: Callable[[], dict[str, np.ndarray]], sentence: str
) -> None:
    safetensors.numpy.save_file(state(), tmp_path / "mine.safetensors")
    command = [*RUN, "--model", LITE, "--image", "local", "--dataset", data, "--limit", "1"]
    done = harness(*command, "--weights", tmp_path / "mine.safetensors", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def own(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """A run with a person's own weights, pictures and ids; those weights; and what was printed."""
    import torch

    from runner import compat, weights

    folder = tmp_path_factory.mktemp("own")
    state = compat.build(LITE, 91, lambda named: weights.random_state(LITE, named)).state_dict()
    torch.save({"model": {f"module.{name}": value for name, value in state.items()}, "epoch": 3}, folder / "mine.pth")
    (folder / "ids.txt").write_text("# two of them\n7\n2\n")
    apart = ["--images", data / "images", "--annotations", data / "annotations" / "instances.json"]
    chosen = ["--ids", folder / "ids.txt", "--weights", folder / "mine.pth", "--batch", "2"]
    done = harness(*RUN, "--model", LITE, "--image", "local", *apart, *chosen, "--out", folder / "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run", state, done.stdout


def test_what_was_done_to_read_weights_is_said(own: tuple[Path, dict[str, Any], str]) -> None:
    from runner import weights

    run, state, printed = own
    said = " ".join(printed.split())
    assert "mine.pth: its entry model was read" in said
    assert "mine.pth: the prefix module. of all names was taken off" in said
    (cell,) = cells(run).values()
    assert cell.result is not None
    assert cell.result.weights_sha256 == weights.state_hash(state)


def test_pictures_and_annotations_apart_with_chosen_ids(own: tuple[Path, dict[str, Any], str]) -> None:
    run, _, _ = own
    (cell,) = cells(run).values()
    assert [row.image_id for row in read(run, cell)] == [7, 2]


def test_both_suites_are_one_run(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    suites = ["--suite", "latency,accuracy", "--iterations", "1"]
    done = harness(*RUN, *suites, "--model", LITE, "--image", "local", "--dataset", data, "--limit", "1", "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [cell.job.suite for cell in RunFolder(run).cells()] == ["latency", "accuracy"]
    for title in ("Latency of one image, batch 1", "AP of boxes in %, some-shapes, 1 image:"):
        assert title in done.stdout
    assert (run / "table.md").read_text().count("## ") == 5


def test_bad_input_is_a_sentence(data: Path, tmp_path: Path) -> None:
    one = [*RUN, "--model", LITE, "--image", "local"]
    elsewhere = "the dataset coco-val2017 is not here; fetch it with"
    fails(3, elsewhere, *one, "--dataset", "coco-val2017", variables=empty(tmp_path))
    cut = tmp_path / "cut.json"
    cut.write_text((data / "annotations" / "instances.json").read_text()[:5000])
    apart = [*one, "--images", data / "images", "--annotations"]
    unknown = tmp_path / "unknown.json"
    unknown.write_text(json.dumps(with_an_unknown_category(data)))
    ids = tmp_path / "ids.txt"
    ids.write_text("4000\n")
    bad: dict[str, Sequence[object]] = {
        "the suite accuracy needs a dataset; name one: --dataset coco-val2017, shapes or a folder": one,
        "there is no dataset 'shape'; did you mean shapes?": [*one, "--dataset", "shape"],
        "there is no suite 'speed'": [*one, "--suite", "speed"],
        f"{cut} is not": [*apart, cut],
        "annotations[0]": [*apart, unknown],
        f"{ids}, line 1: 4000 is not in": [*one, "--dataset", data, "--ids", ids],
        "nothing was named to score; name a RUN, or both --annotations and --detections": ["score"],
        "there is no run 'nowhere'": ["score", "nowhere"],
    }
    each_fails(2, bad)


def empty(folder: Path) -> dict[str, str]:
    return {"HARNESS_DATA": str(folder / "nothing")}


def with_an_unknown_category(data: Path) -> dict[str, Any]:
    tables: dict[str, Any] = json.loads((data / "annotations" / "instances.json").read_text())
    tables["annotations"][0]["category_id"] = 77
    return tables


def test_a_run_without_detections_has_nothing_to_score(tmp_path: Path) -> None:
    samples.run_folder(tmp_path / "run", samples.ok_result(samples.job()))
    sentence = "has no detections yet; make some with: harness run --suite accuracy"
    fails(2, sentence, "score", tmp_path / "run")


def test_scores_of_annotations_that_changed_are_refused(data: Path, uninterrupted: Path) -> None:
    path = data / "annotations" / "instances.json"
    planned = path.read_text()
    try:
        path.write_text(planned + " ")
        sentence = "instances.json changed after the run was planned; restore it, or run again"
        fails(2, sentence, "score", uninterrupted)
        path.unlink()
        fails(2, "there is no annotation file", "score", uninterrupted)
    finally:
        path.write_text(planned)
