"""The gate: deliberate faults are found, two stacks agree, and a sweep says what each switch changes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from harness import paths
from harness.agreement.compare import Tally, tally
from harness.agreement.parts import parts
from harness.agreement.sides import Sides
from harness.agreement.traces import TRICK_IOU
from harness.catalogue import models, protocols
from harness.data import checkpoints, coco, shapes
from harness.documents.agreement import Tolerances
from harness.documents.causes import Cause
from harness.documents.run_folder import RunFolder
from runner.contract import Dataset, ModelSpec, Reader, Thresholds, rows
from tests.integration.commands import LITE, fails, harness

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from runner import detection  # noqa: E402
from runner import models as runner_models  # noqa: E402
from runner.readers import Decoded, read  # noqa: E402

pytestmark = pytest.mark.torch

PICTURES = 12
THRESHOLDS = models()[LITE].thresholds
Model = Callable[[list[Any]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "some-shapes"
    shapes.generate(folder, PICTURES, 0)
    return folder


def trained(thresholds: Thresholds | None = THRESHOLDS) -> Any:
    spec = ModelSpec(LITE, checkpoints.shapes_weights([models()[LITE]]), thresholds)
    return runner_models.load(spec, paths.SHAPES_WEIGHTS.parent)[0]


def detected(data: Path, out: Path, model: Model) -> list[rows.Row]:
    """Run a detection pass over half of the pictures in this process."""
    annotations = coco.read(data / "annotations" / "instances.json")
    pictures = list(annotations.pictures.items())[: PICTURES // 2]
    ids, files = zip(*((key, picture.file_name) for key, picture in pictures), strict=True)
    dataset = Dataset("shapes", annotations.sha256, sorted(annotations.categories), list(ids), list(files))
    how = protocols()["quick-1"].detection
    assert how is not None
    out.mkdir()
    task = detection.PassTask(model, dataset, how, data / "images", torch.device("cpu"), "a", skip_bad_images=False)
    with torch.no_grad():
        detection.detect(task, out, 0.0, lambda event, **fields: None)
    return list(rows.read(out / rows.FILE))


@pytest.fixture(scope="module")
def sound(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[rows.Row]:
    return detected(data, tmp_path_factory.mktemp("sound") / "pass", trained())


def around(before: Callable[[Any], Any] | None = None, after: Callable[[Any], Any] | None = None) -> Model:
    """Return the model with something done to each picture before, or to each output after it."""
    model = trained()
    sound = model.forward

    def faulty(images: list[Any]) -> list[dict[str, Any]]:
        outputs = sound([before(image) for image in images] if before else images)
        return [after(output) for output in outputs] if after else outputs

    return with_forward(model, faulty)


def with_forward(model: Any, forward: Model) -> Model:
    """Return the model with another way through it, which is watched as its own is."""
    model.forward = forward
    changed: Model = model
    return changed


def with_lower_threshold() -> Model:
    assert THRESHOLDS is not None
    model: Model = trained(replace(THRESHOLDS, score=THRESHOLDS.score / 2))
    return model


def in_half_precision() -> Model:
    model = trained()
    sound = model.forward

    def faulty(images: list[Any]) -> list[dict[str, Any]]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs: list[dict[str, Any]] = sound(images)
        return [{name: value.float() if name != "labels" else value for name, value in o.items()} for o in outputs]

    return with_forward(model, faulty)


def resized_otherwise() -> Model:
    model: Any = trained()
    model.transform.fixed_size = (300, 300)
    faulty: Model = model
    return faulty


def by_another_route() -> Model:
    """Suppress class by class, as here for larger numbers of boxes alone, at overlaps that rounding may move so far."""
    model = trained()
    sound = model.forward

    def class_by_class(found: Any, scores: Any, classes: Any, threshold: float) -> Any:
        return torchvision.ops.boxes._batched_nms_vanilla(found, scores, classes, threshold + TRICK_IOU / 2)

    def faulty(images: list[Any]) -> list[dict[str, Any]]:
        with mock.patch.object(torchvision.ops.boxes, "batched_nms", class_by_class):
            outputs: list[dict[str, Any]] = sound(images)
        return outputs

    return with_forward(model, faulty)


def with_one_other_weight() -> Model:
    model: Any = trained()
    with torch.no_grad():
        next(p for name, p in model.named_parameters() if name.startswith("head.classification"))[0] += 1
    faulty: Model = model
    return faulty


def by_another_decoder(content: bytes, reader: Reader) -> Decoded:
    """Read a picture a little coarser, as a decoder does that upsamples colours in its own way."""
    decoded = read(content, reader)
    return replace(decoded, pixels=decoded.pixels // 16 * 16)


def turned(content: bytes, reader: Reader) -> Decoded:
    """Read a JPEG as a reader does that follows orientations, which it is given one."""
    tag = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    return read(content[:2] + b"\xff\xe1" + (len(tag) + 2).to_bytes(2, "big") + tag + content[2:], "cv2")


@dataclass(frozen=True)
class Fault:
    """A fault, and the cause by which it is known; None for what nothing but the detections tells.

    `read` is how pictures are read, `told` what the results of the passes say of them beside the rows.
    """

    model: Callable[[], Model]
    cause: Cause | None
    read: Callable[[bytes, Reader], Decoded] = read
    told: Mapping[str, Any] = field(default_factory=dict)


LOWERED = THRESHOLDS and replace(THRESHOLDS, score=THRESHOLDS.score / 2)
FAULTS = {
    "BGR for RGB": Fault(lambda: around(before=lambda image: image.flip(0)), "channels"),
    "integer boxes": Fault(lambda: around(after=lambda output: {**output, "boxes": output["boxes"].trunc()}), None),
    "a shifted label map": Fault(
        lambda: around(after=lambda output: {**output, "labels": output["labels"] % 4 + 1}), None
    ),
    "a lowered score threshold": Fault(with_lower_threshold, "thresholds", told={"thresholds": (THRESHOLDS, LOWERED)}),
    "half precision": Fault(in_half_precision, "precision"),
    "a different resize": Fault(resized_otherwise, "resize"),
    "another route of NMS": Fault(by_another_route, "nms"),
    "one other weight": Fault(with_one_other_weight, "weights", told={"weights": "weights: abababab and cdcdcdcd"}),
    "another decoder": Fault(trained, "decoder", by_another_decoder),
    "turned pictures": Fault(trained, "exif", turned),
}


def sides(**told: Any) -> Sides:
    return replace(Sides(("pil", "pil"), (None, None), (None, None), (THRESHOLDS, THRESHOLDS)), **told)


def compared(one: list[rows.Row], two: list[rows.Row], of: Sides | None = None) -> Tally:
    return tally(zip(one, two, strict=True), of or sides(), Tolerances())


@pytest.mark.parametrize("name", FAULTS)
def test_a_deliberate_fault_is_found_and_named(
    name: str, data: Path, tmp_path: Path, sound: list[rows.Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = FAULTS[name]
    monkeypatch.setattr(detection, "read", fault.read)
    both = sides(**fault.told)
    counted = compared(sound, detected(data, tmp_path / "pass", fault.model()), both)
    assert counted.verdict == "different"
    assert counted.different > 0
    assert counted.pixels_different == (len(sound) if fault.read is not read else 0)
    (found,) = [part for part in parts(counted.looked, both) if part.images]
    assert (found.causes, found.unexplained) == ([fault.cause] if fault.cause else [], fault.cause is None)


def test_the_same_model_without_a_fault_agrees(data: Path, tmp_path: Path, sound: list[rows.Row]) -> None:
    assert compared(sound, detected(data, tmp_path / "pass", trained())).verdict in ("identical", "equal")


RUN = ["run", "--suite", "accuracy", "--model", LITE, "--device", "cpu", "--weights", "shapes", "--threads", "1"]


@pytest.fixture(scope="module")
def stacks(cuda102: str, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "stacks"
    both = ["--suite", "latency,accuracy", "--iterations", "1"]
    done = harness(*RUN, *both, "--image", f"{cuda102},local", "--dataset", data, "--out", run)
    assert done.returncode == 0, done.stdout + done.stderr
    return run


@pytest.mark.docker
def test_the_published_stack_and_this_one_detect_the_same(stacks: Path) -> None:
    done = harness("agree", stacks, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert found["verdict"] in ("identical", "equal")
    assert (found["reference"]["environment"], found["other"]["environment"]) == ("cuda10.2", "local")
    assert (found["images"], found["pixels_different"]) == (PICTURES, 0)
    (change,) = found["ap_differences"]
    assert change["low"] <= change["difference"] <= change["high"]


@pytest.mark.docker
def test_the_tables_carry_the_verdict(stacks: Path) -> None:
    (verdict,) = [cell.agreement.verdict for cell in RunFolder(stacks).cells() if cell.agreement]
    text = harness("report", stacks, "--format", "markdown").stdout
    assert "detects as cuda10.2?" in text
    assert text.count(f"| {verdict} |") + text.count(f" {verdict} |") >= 2
    assert "## Agreement of detections" in text


@pytest.mark.docker
def test_the_published_box_rule_loses_ap_and_most_of_small_objects(stacks: Path) -> None:
    scores = [cell.scores for cell in RunFolder(stacks).cells() if cell.scores]
    assert len(scores) == 2
    for each in scores:
        right, published = (score.metrics for score in each.scores)
        lost = {name: right[name] - published[name] for name in ("AP", "APsmall", "APlarge")}
        assert right["AP"] > 0.5
        assert 0 < lost["AP"] < lost["APsmall"]
        assert lost["APlarge"] < lost["APsmall"]


@pytest.fixture(scope="module")
def readers(data: Path, lean_torch: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    for name in ("one", "other"):
        fault = ["--reader", "torchvision", "--batch", "4"] if name == "other" else []
        done = harness(*RUN, "--image", "local", "--dataset", data, "--limit", "3", *fault, "--out", folder / name)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "one", folder / "other"


def test_two_runs_are_compared_and_what_differs_is_drawn(readers: tuple[Path, Path]) -> None:
    one, other = readers
    done = harness("agree", one, other, "--box-tolerance", "0", "--score-tolerance", "0")
    assert done.returncode in (0, 1), done.stderr
    assert "Agreement of detections" in done.stdout
    agreement = RunFolder(other).cells()[0].agreement
    assert agreement is not None
    drawn = sorted(path.name for path in other.rglob("disagreement-*.png"))
    assert len(drawn) == min(agreement.images_different, 3)
    assert done.returncode == (agreement.verdict == "different")


def test_pictures_go_to_the_folder_that_is_named(readers: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = readers
    beside = set(other.rglob("disagreement-*.png"))
    done = harness(
        "agree", one, other, "--box-tolerance", "0", "--score-tolerance", "0", "--pictures", tmp_path / "new"
    )
    assert done.returncode in (0, 1), done.stderr
    agreement = RunFolder(other).cells()[0].agreement
    assert agreement is not None
    drawn = sorted((tmp_path / "new").rglob("*.png"))
    assert len(drawn) == len(agreement.worst)
    assert all(str(path) in done.stdout for path in drawn)
    assert set(other.rglob("disagreement-*.png")) == beside


def test_a_sweep_turns_each_switch(readers: tuple[Path, Path]) -> None:
    one, _ = readers
    done = harness("agree", one, "--sweep", "--json")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    turned = [each["other"]["cell"].removeprefix(each["reference"]["cell"] + "--") for each in found]
    assert turned == ["deterministic", "matmul-precision", "flush-denormals"]
    assert {each["reference"]["cell"] for each in found} == {RunFolder(one).cells()[0].job.cell}


def test_what_can_t_be_compared_is_a_sentence(readers: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = readers
    fails(2, "no model has two detection passes; name two runs", "agree", one)
    fails(2, "3 runs were named", "agree", one, other, one)
    fails(2, "there is no run 'nowhere'", "agree", "nowhere")


def test_the_bundled_weights_are_one_model_s(data: Path) -> None:
    ssd = ["run", "--model", "ssd300_vgg16", "--image", "local", "--weights", "shapes"]
    fails(2, f"the weights shapes are {LITE}'s, not ssd300_vgg16's", *ssd)
