from dataclasses import replace
from pathlib import Path

import pytest

from harness import plan
from harness.catalogue import Environment, environments, models
from harness.errors import BadInput, CannotRunHere, HarnessError
from harness.gpus import Gpu, Gpus
from harness.plan import Request
from harness.preflight import Preflight, Target


class FakeHost(Preflight):
    """A host that can run what it is told, with the given GPUs."""

    def __init__(self, broken: set[str] | None = None, gpus: list[Gpu] | None = None):
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


def test_auto_says_which_and_why() -> None:
    cells, remarks = make(replace(ONE, images=["auto"]))
    assert cells == [("local", "ssd300_vgg16", 1)]
    assert remarks == ["measuring in local: no engine"]


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
        ({"suite": "speed"}, "no suite 'speed'"),
        ({"device": "gpu"}, "no device 'gpu'"),
        ({"weights": "nowhere.pth"}, r"no weights 'nowhere\.pth'"),
        ({"photographs": Path("/nowhere")}, "holds no pictures"),
        ({"photographs": Path("x"), "protocol": "published-2021"}, "makes its own input"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make(replace(ONE, **change))  # type: ignore[arg-type]


def test_one_file_of_weights_is_one_model_s(tmp_path: Path) -> None:
    two = replace(ONE, models=["ssd300_vgg16", "ssdlite320_mobilenet_v3_large"], weights=str(tmp_path / "w.pth"))
    with pytest.raises(BadInput, match="one model's"):
        make(two)


GPUS = [Gpu(uuid, "Tesla T4", (7, 5), 16 << 30, False, "535.104.05") for uuid in ("GPU-aaa", "GPU-bbb")]


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


@pytest.mark.parametrize(("text", "size"), [("512m", 512 << 20), ("8G", 8 << 30), ("1gb", 1 << 30), ("77", 77)])
def test_sizes(text: str, size: int) -> None:
    assert plan.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "8x", "-1g", "1.5g"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(BadInput, match="no size"):
        plan.parse_size(text)


@pytest.mark.parametrize("text", ["", "a", "1-", "0,,1"])
def test_what_is_no_list_of_cpus(text: str) -> None:
    with pytest.raises(BadInput, match="no list of CPUs"):
        plan.parse_cpus(text)


def test_absent_cpus_are_named() -> None:
    with pytest.raises(BadInput, match="may not use CPU 9999"):
        plan.parse_cpus("9999")
