import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import plan
from harness.catalogue import Environment, environments, models
from harness.data.shapes import designs
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.host.gpus import Gpus, HostGpu
from harness.plan import Request
from harness.plan.cells import PROFILED, STAGED
from harness.plan.request import Choice
from harness.preflight.checks import Preflight, Target
from runner.contract import Variant
from runner.contract.serialise import to_dict


class FakeHost(Preflight):
    """A host that can run what it is told, with the given GPUs."""

    def __init__(self, broken: set[str] | None = None, gpus: list[HostGpu] | None = None):
        super().__init__()
        self._broken = broken or set()
        self.gpus = Gpus(gpus or [], "NVML shows no NVIDIA GPU on this host", "install the driver")

    def obstacle(self, environment: Environment, target: Target) -> HarnessError | None:
        return CannotRunHere("it is broken", "mend it") if environment.name in self._broken else None

    def no_memory_limit(self) -> CannotRunHere | None:
        return CannotRunHere("it can't limit memory", "omit --memory")

    def choose(self, target: Target) -> tuple[Environment, str]:
        return environments()["local"], "no engine"


def nothing(*_: object) -> None:
    """Nothing is downloaded."""


def make(request: Request, host: FakeHost | None = None) -> tuple[list[tuple[str, str, int]], list[str]]:
    made, remarks = plan.make(request, ["run"], host or FakeHost(), nothing)
    return [(c.job.environment, c.job.model.builder, c.job.repeat) for c in made.cells], remarks


SUITES = ("latency", "accuracy")
ONE = Request(images=["cuda10.2", "local"], models=["ssd300_vgg16"], weights="random", device="cpu")


def test_environments_are_interleaved() -> None:
    cells, _ = make(replace(ONE, models=["ssd300_vgg16", "ssdlite320_mobilenet_v3_large"], repeats=2))
    assert [(environment, repeat) for environment, _, repeat in cells] == [
        ("cuda10.2", 1),
        ("local", 1),
        ("cuda10.2", 1),
        ("local", 1),
        ("cuda10.2", 2),
        ("local", 2),
        ("cuda10.2", 2),
        ("local", 2),
    ]


def test_a_model_that_is_named_beside_the_published_ones_is_measured_too() -> None:
    asked = replace(ONE, images=["local"], models=["fcos_resnet50_fpn", "ssd300_vgg16"], published_models=True)
    published = [model.builder for model in models().values() if model.published_2021]
    assert [builder for _, builder, _ in make(asked)[0]] == [*published, "fcos_resnet50_fpn"]
    every = make(replace(asked, all_models=True))[0]
    assert [builder for _, builder, _ in every] == list(models())


def test_auto_says_which_and_why() -> None:
    cells, remarks = make(replace(ONE, images=["auto"]))
    assert cells == [("local", "ssd300_vgg16", 1)]
    assert remarks == ["measuring in local: no engine"]


def test_an_environment_that_auto_chooses_and_a_person_names_is_measured_once() -> None:
    for images in (["auto", "local"], ["local", "auto"]):
        assert make(replace(ONE, images=images))[0] == [("local", "ssd300_vgg16", 1)]


def test_what_can_not_run_is_a_skipped_cell_with_its_reason() -> None:
    made, _ = plan.make(ONE, [], FakeHost(broken={"cuda10.2"}), nothing)
    assert [cell.skipped for cell in made.cells] == ["it is broken; mend it.", None]


def test_an_engine_that_can_not_limit_memory_skips_its_own_cells_alone() -> None:
    made, _ = plan.make(replace(ONE, memory_bytes=1 << 30), [], FakeHost(), nothing)
    assert [cell.skipped for cell in made.cells] == ["it can't limit memory; omit --memory.", None]
    with pytest.raises(CannotRunHere, match="can't limit memory"):
        make(replace(ONE, images=["cuda10.2"], memory_bytes=1 << 30))


FCOS = "fcos_resnet50_fpn"


def test_a_model_that_an_environment_lacks_is_skipped_there_alone() -> None:
    made, _ = plan.make(
        replace(ONE, images=["cuda10.2", "cuda12.6"], models=[], all_models=True), [], FakeHost(), nothing
    )
    skipped = {(cell.job.environment, cell.job.model.builder): cell.skipped for cell in made.cells if cell.skipped}
    newer = [model.builder for model in models().values() if model.torchvision]
    assert set(skipped) == {("cuda10.2", builder) for builder in newer}
    assert skipped["cuda10.2", FCOS] == (
        "torchvision 0.10.0+cu102 has no fcos_resnet50_fpn, which came with 0.12; choose a newer --image."
    )
    assert not any(cell.named for cell in made.cells)


def test_a_model_that_no_environment_has_is_an_error() -> None:
    with pytest.raises(CannotRunHere, match=f"has no {FCOS}"):
        make(replace(ONE, images=["cuda10.2"], models=[FCOS]))


def test_one_of_several_images_is_an_environment_of_its_own() -> None:
    made, _ = plan.make(replace(ONE, images=["cuda10.2", "cuda10.2:0123-ab"]), [], FakeHost(), nothing)
    assert [cell.job.environment for cell in made.cells] == ["cuda10.2", "cuda10.2:0123-ab"]
    assert len({cell.job.cell for cell in made.cells}) == 2
    assert not any(":" in cell.job.cell for cell in made.cells)
    assert made.cells[0].job.expected == made.cells[1].job.expected
    with pytest.raises(BadInput, match="local is no Docker environment, so it has no image 'x'"):
        make(replace(ONE, images=["local:x"]))


def test_nothing_to_run_is_an_error() -> None:
    with pytest.raises(CannotRunHere, match="it is broken"):
        make(ONE, FakeHost(broken={"cuda10.2", "local"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ["ssd"]}, "did you mean ssd300_vgg16"),
        ({"models": []}, "no model was named"),
        ({"images": ["cuda10.3"]}, r"did you mean cuda10\.2"),
        ({"protocol": "quick"}, "did you mean quick-1"),
        ({"suites": ["speed"]}, "no suite 'speed'"),
        ({"device": "gpu"}, "no device 'gpu'"),
        ({"weights": "nowhere.pth"}, r"no weights 'nowhere\.pth'"),
        ({"norm_eps": 1e-5, "weights": "random"}, "--norm-eps says how a file of weights was trained, not random ones"),
        ({"norm_eps": 0.0, "weights": "shapes"}, "not shapes ones"),
        ({"norm_eps": -1e-5, "weights": "mine.pth"}, "--norm-eps -1e-05 is no epsilon"),
        ({"norm_eps": float("nan"), "weights": "mine.pth"}, "--norm-eps nan is no epsilon"),
        ({"norm_eps": float("inf"), "weights": "mine.pth"}, "--norm-eps inf is no epsilon"),
        ({"inputs": Choice(Path("/nowhere"))}, "no folder of pictures"),
        ({"inputs": Choice(Path("x")), "protocol": "published-2021"}, "makes its own input"),
        ({"inputs": Choice(dataset="shapes")}, "--dataset belongs to the suite accuracy; add --suite accuracy"),
        ({"inputs": Choice(dataset="shapes:objects=9..0")}, "objects=9..0 runs backwards"),
        ({"inputs": Choice(Path("x"), dataset="shapes:size=99..999")}, "has pictures of its own; leave --images out"),
        ({"inputs": Choice(dataset="shapes:size=99..999", limit=3)}, "--limit belongs to the suite accuracy"),
        ({"inputs": Choice(dataset="shapes:size=99..999"), "protocol": "published-2021"}, "leave --dataset out"),
        ({"inputs": Choice(limit=3)}, "--limit belongs to the suite accuracy"),
        ({"inputs": Choice(skip_bad_images=True)}, "--skip-bad-images belongs to the suite accuracy"),
        ({"suites": ["accuracy"]}, "the suite accuracy needs a dataset; name one"),
        ({"suites": ["accuracy"], "inputs": Choice(dataset="shape")}, "did you mean shapes"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make(replace(ONE, **change))  # type: ignore[arg-type]


def test_a_latency_is_of_the_pictures_of_a_designed_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    monkeypatch.setattr(designs, "ROUNDS", 1)
    choice = Choice(dataset="shapes:objects=0..2")
    made, _ = plan.make(replace(ONE, suites=["latency", "accuracy"], inputs=choice), [], FakeHost(), nothing)
    timed, detecting = (next(cell.job for cell in made.cells if cell.job.suite == suite) for suite in SUITES)
    assert [image.name for image in timed.images] == [*("001-objects-0.jpg", "002-objects-2.jpg", "003-objects-1.jpg")]
    assert detecting.dataset is not None and detecting.dataset.name == "shapes:objects=0..2"
    assert detecting.dataset.files == [image.name for image in timed.images]
    assert detecting.cell.endswith("on-shapes_objects_0..2")
    assert made.images_folder == made.dataset_folder


def test_one_file_of_weights_is_one_model_s(tmp_path: Path) -> None:
    two = replace(ONE, models=["ssd300_vgg16", "ssdlite320_mobilenet_v3_large"], weights=str(tmp_path / "w.pth"))
    with pytest.raises(BadInput, match="one model's"):
        make(two)


@pytest.mark.parametrize("eps", [None, 0.0, 1e-5])
def test_the_epsilon_of_own_weights_is_in_every_job_and_a_name_of_theirs(tmp_path: Path, eps: float | None) -> None:
    (tmp_path / "mine.pth").write_bytes(b"weights")
    request = replace(ONE, weights=str(tmp_path / "mine.pth"), norm_eps=eps)
    made, _ = plan.make(request, [], FakeHost(), nothing)
    assert {cell.job.model.weights.norm_eps for cell in made.cells} == {eps}


GPUS = [HostGpu(uuid, "Tesla T4", (7, 5), 16 << 30, False, "535.104.05") for uuid in ("GPU-aaa", "GPU-bbb")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", ("cuda", "GPU-aaa")),
        ("cpu", ("cpu", None)),
        ("cuda", ("cuda", "GPU-aaa")),
        ("cuda:1", ("cuda", "GPU-bbb")),
        ("cuda:GPU-b", ("cuda", "GPU-bbb")),
    ],
)
def test_devices(text: str, expected: tuple[str, str | None]) -> None:
    target = FakeHost(gpus=GPUS).target(text)
    assert (target.device, target.gpu.uuid if target.gpu else None) == expected


def test_a_gpu_where_there_is_none_is_one_sentence() -> None:
    assert FakeHost().target("auto") == Target("cpu")
    with pytest.raises(CannotRunHere, match="NVML shows no NVIDIA GPU"):
        FakeHost().target("cuda")
    with pytest.raises(CannotRunHere, match="no GPU '7' here"):
        FakeHost(gpus=GPUS).target("cuda:7")


@pytest.mark.parametrize("device", ["auto", "cuda:1", "cuda:GPU-b", "cuda:GPU-bbb"])
@pytest.mark.parametrize("form", ["--device {}", "--device={}"])
def test_a_plan_knows_its_gpu_by_pseudonym_alone(device: str, form: str) -> None:
    command = ["harness", "run", *form.format(device).split()]
    made, _ = plan.make(replace(ONE, device=device), command, FakeHost(gpus=GPUS), nothing)
    chosen = GPUS[0 if device == "auto" else 1]
    assert made.gpu == chosen.pseudonym
    assert "GPU-" not in json.dumps(to_dict(made))
    named = f"cuda:{chosen.pseudonym}" if "GPU" in device else device
    assert made.command == ["harness", "run", *form.format(named).split()]
    assert FakeHost(gpus=GPUS).target(f"cuda:{made.gpu}").gpu == chosen


def test_a_plan_on_the_cpu_has_no_gpu() -> None:
    made, _ = plan.make(ONE, [], FakeHost(gpus=GPUS), nothing)
    assert made.gpu is None


def test_a_gpu_that_is_left_out_is_the_first_remark() -> None:
    lost = HostGpu(None, None, None, None, None, None, failure="does not answer (GPU is lost)", remedy="reboot")
    _, remarks = make(replace(ONE, images=["auto"], device="auto"), FakeHost(gpus=[lost, *GPUS]))
    assert remarks == ["left out: GPU 0 does not answer (GPU is lost); reboot", "measuring in local: no engine"]


@pytest.mark.parametrize(
    ("text", "size"), [("512m", 512 << 20), ("8G", 8 << 30), ("1gb", 1 << 30), ("7777777", 7777777)]
)
def test_sizes(text: str, size: int) -> None:
    assert plan.parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "8x", "-1g", "1.5g", "0", "5m", "\N{ARABIC-INDIC DIGIT EIGHT}g", "9" * 30, "2097152t"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(BadInput, match="no size"):
        plan.parse_size(text)


@pytest.mark.parametrize(
    ("suites", "knob", "words"),
    [
        (["latency"], {"batch": 4}, "--batch belongs to the suite accuracy; add --suite accuracy, or leave it out"),
        (["latency"], {"reader": "pil"}, "--reader belongs to the suite accuracy"),
        (["accuracy"], {"iterations": 4}, "--iterations belongs to the suite latency"),
    ],
)
def test_a_knob_of_a_suite_that_is_not_measured_is_refused(suites: list[str], knob: dict[str, Any], words: str) -> None:
    asked = replace(
        ONE, suites=suites, variant=Variant(**knob), inputs=Choice(dataset="x" if "accuracy" in suites else None)
    )
    with pytest.raises(BadInput, match=words):
        make(asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"images": []}, "no environment was named"),
        ({"suites": []}, "no suite was named"),
        ({"models": []}, "no model was named"),
        ({"repeats": 10**20}, "a run has at most 100000; take fewer --repeats"),
        ({"repeats": 50_001}, "these are 100002 cells"),
    ],
)
def test_a_run_of_nothing_or_of_too_much_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make(replace(ONE, **asked))


@pytest.fixture
def usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 4, 5})


@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize("text", ["0-1", "0,1", "1,0", "0,0-1"])
def test_one_set_of_cpus_is_one_variant_however_it_is_written(text: str) -> None:
    assert plan.make_variant(cpus=text).cpus == "0-1"


@pytest.mark.usefixtures("usable")
@pytest.mark.parametrize(("text", "absent"), [("0-5", 2), ("0-9", 2), ("4-6", 6), ("0,7,1", 7)])
def test_every_cpu_of_a_list_has_to_be_there(text: str, absent: int) -> None:
    with pytest.raises(BadInput, match=f"may not use CPU {absent}; it may use 0-1,4-5"):
        plan.make_variant(cpus=text)


@pytest.mark.parametrize("text", ["a", "1-", "0,,1", "3-1", "0-99999999"])
def test_what_is_no_list_of_cpus(text: str) -> None:
    with pytest.raises(BadInput, match="no list of CPUs"):
        plan.make_variant(cpus=text)


def test_absent_cpus_are_named() -> None:
    with pytest.raises(BadInput, match="may not use CPU 9999"):
        plan.make_variant(cpus="9999")


def test_an_unknown_reader_is_named() -> None:
    with pytest.raises(BadInput, match="there is no reader 'opencv'; known are cv2, pil, torchvision"):
        plan.make_variant(reader="opencv")


KEYPOINTS = "keypointrcnn_resnet50_fpn"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder in COCO's format: three pictures, on the first a person with keypoints."""
    person = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 1, 2, 2], "area": 4, "iscrowd": 0}
    tables = {
        "images": [{"id": i, "file_name": f"{i}.png", "height": 4, "width": 6} for i in (7, 5, 9)],
        "categories": [{"id": 1, "name": "person"}, {"id": 44, "name": "bottle"}],
        "annotations": [{**person, "keypoints": [1, 1, 2] * 17, "num_keypoints": 17}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(tables))
    for i in (7, 5, 9):
        (tmp_path / f"{i}.png").write_bytes(b"")
    return tmp_path


def accuracy(dataset: Path, **changes: Any) -> Request:
    return replace(ONE, suites=["accuracy"], inputs=Choice(dataset=str(dataset)), **changes)


def test_a_detection_pass_has_the_dataset_s_images_in_their_order(dataset: Path) -> None:
    made, _ = plan.make(accuracy(dataset), [], FakeHost(), nothing)
    assert [cell.job.environment for cell in made.cells] == ["cuda10.2", "local"]
    job = made.cells[0].job
    assert job.dataset is not None
    assert (job.dataset.ids, job.dataset.files) == ([7, 5, 9], ["7.png", "5.png", "9.png"])
    assert job.dataset.categories == [1, 44]
    assert job.images == []
    assert made.cells[0].annotations == str(dataset / "annotations.json")
    assert (made.images_folder, made.dataset_folder) == (None, str(dataset))


def test_a_keypoint_model_is_scored_on_the_categories_with_keypoints(dataset: Path) -> None:
    made, _ = plan.make(accuracy(dataset, models=[KEYPOINTS]), [], FakeHost(), nothing)
    assert made.cells[0].job.dataset is not None
    assert made.cells[0].job.dataset.categories == [1]


def test_both_suites_are_one_plan_and_only_latency_is_repeated(dataset: Path) -> None:
    request = replace(accuracy(dataset, repeats=2), suites=["latency", "accuracy"])
    made, _ = plan.make(request, [], FakeHost(), nothing)
    assert [(cell.job.suite, cell.job.repeat) for cell in made.cells[::2]] == [
        ("latency", 1),
        ("latency", 2),
        ("accuracy", 1),
    ]
    assert len({cell.job.cell for cell in made.cells}) == 6
    assert made.images_folder is not None
    assert made.dataset_folder is not None


def test_a_detection_pass_may_take_its_time(dataset: Path) -> None:
    made, _ = plan.make(accuracy(dataset), [], FakeHost(), nothing)
    job = made.cells[0].job
    assert job.detection is not None
    assert job.timeout_seconds == job.protocol.timeout_seconds + 3 * job.detection.image_timeout_seconds


def test_the_variant_s_reader_and_batch_win(dataset: Path) -> None:
    variant = plan.make_variant(reader="torchvision", batch=4)
    made, _ = plan.make(accuracy(dataset, variant=variant), [], FakeHost(), nothing)
    detection = made.cells[0].job.detection
    assert detection is not None
    assert (detection.reader, detection.batch, detection.box_rule) == ("torchvision", 4, "float")


def test_a_missing_picture_is_named_unless_such_are_skipped(dataset: Path) -> None:
    (dataset / "5.png").unlink()
    with pytest.raises(BadInput, match=r"there is no picture .*/5\.png, which"):
        make(accuracy(dataset))
    request = replace(accuracy(dataset), inputs=Choice(dataset=str(dataset), skip_bad_images=True))
    made, _ = plan.make(request, [], FakeHost(), nothing)
    assert made.cells[0].job.skip_bad_images


def test_every_model_s_thresholds_are_in_its_job(dataset: Path) -> None:
    made, _ = plan.make(replace(ONE, models=[], all_models=True, images=["local"]), [], FakeHost(), nothing)
    for cell in made.cells:
        assert cell.job.model.thresholds == models()[cell.job.model.builder].thresholds


def test_stages_are_looked_at_after_latencies_alone() -> None:
    made, _ = plan.make(replace(ONE, stages=True, profile=True), [], FakeHost(), nothing)
    assert [(cell.job.stages, cell.job.profile) for cell in made.cells] == [(STAGED, PROFILED)] * 2
    passes = replace(ONE, suites=["accuracy"], inputs=Choice(dataset="shapes"))
    for name, asked in (("stages", replace(passes, stages=True)), ("profile", replace(passes, profile=True))):
        with pytest.raises(BadInput, match=f"--{name} belongs to the suite latency"):
            make(asked)
