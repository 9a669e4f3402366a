from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from harness import paths
from harness.catalogue import columns, environments, published
from harness.catalogue.columns import COLUMNS, MACHINES, MAP
from harness.cli.plain import Plain
from harness.errors import BadInput, CannotRunHere
from harness.host.gpus import Gpus, HostGpu
from harness.plan import budget, repeat
from harness.preflight.checks import Preflight
from harness.progress import Silent
from harness.repeating import _column
from runner.contract import Dataset
from tests.samples import job, plan

R50, SSD, LITE = "fasterrcnn_resnet50_fpn", "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"
PROTOCOL = "published-2021"


@pytest.mark.parametrize(
    ("gpu", "cpu", "column"),
    [
        ("NVIDIA GeForce GTX 1070 Ti", "", "gtx1070"),
        ("Tesla P100-SXM2-16GB", "", "p100"),
        ("Tesla T4", "", "t4"),
        ("NVIDIA T400 4GB", "", "t4"),
        ("NVIDIA H100 80GB HBM3", "AMD EPYC 7B12", "t4"),
        (None, "AMD Ryzen 7 1700 Eight-Core Processor", "epyc"),
        (None, "Intel(R) Xeon(R) CPU @ 2.30GHz", "xeon"),
        (None, "Neoverse-N1", "epyc"),
    ],
)
def test_auto_takes_the_column_of_the_machine_most_like_this_one(gpu: str | None, cpu: str, column: str) -> None:
    chosen, reason = columns.choose(gpu, cpu)
    assert chosen == column
    assert (gpu or cpu) in reason


def test_auto_says_where_no_published_machine_is_like_this_one() -> None:
    assert columns.choose("Tesla T4", "")[1].startswith("of the published machines")
    assert columns.choose("NVIDIA T400 4GB", "")[1].startswith("no published machine")


def test_every_published_column_has_its_software_and_its_machine() -> None:
    assert [*published.latency(), MAP] == COLUMNS
    stacks = {column: columns.environment_of(column).name for column in COLUMNS}
    assert {column for column, stack in stacks.items() if stack == "cuda11.4"} == {"gtx1070", MAP}
    assert {stacks[column] for column in ("p100", "t4", "xeon", "epyc")} == {"cuda10.2"}
    assert {column for column in MACHINES if columns.device_of(column) == "cpu"} == {"xeon", "epyc"}


@pytest.mark.parametrize(
    ("column", "name", "cores", "its_own"),
    [
        ("gtx1070", "NVIDIA GeForce GTX 1070", 8, True),
        ("gtx1070", "NVIDIA GeForce GTX 1070 Ti", 8, False),
        ("epyc", "AMD EPYC 7B12", 4, True),
        ("epyc", "AMD EPYC 7B12", 2, False),
        ("xeon", "Intel(R) Xeon(R) CPU @ 2.20GHz", 4, False),
    ],
)
def test_the_machine_itself_is_told_from_its_like(column: str, name: str, cores: int, its_own: bool) -> None:
    assert MACHINES[column].is_this(name, cores) is its_own


class FakeHost(Preflight):
    """A host with the given GPU, on which no Docker engine answers."""

    _connection = CannotRunHere("no Docker engine answers", "start one")

    def __init__(self, *gpus: HostGpu):
        super().__init__()
        self.gpus = Gpus(list(gpus), "NVML shows no GPU", "install the driver")


def gpu(name: str, capability: tuple[int, int]) -> HostGpu:
    return HostGpu("GPU-a", name, capability, 16 << 30, False, "580.95.05")


LOST = HostGpu(None, None, None, None, None, None, failure="does not answer (GPU is lost)", remedy="reboot")


def test_the_column_is_that_of_the_gpu_that_would_compute() -> None:
    host = FakeHost(LOST, gpu("Tesla P100-SXM2-16GB", (6, 0)), gpu("Tesla T4", (7, 5)))
    assert _column("auto", host, Silent()) == "p100"


def test_a_column_of_a_cpu_in_the_place_of_a_lost_gpu_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    host = FakeHost()
    host.gpus = Gpus([LOST], "no GPU of this host can compute", "reboot", broken=True)
    assert columns.device_of(_column("auto", host, Plain(Console(width=200)))) == "cpu"
    assert "measuring on the CPU: no GPU of this host can compute; reboot" in capsys.readouterr().out


def test_a_gpu_without_a_name_is_still_a_gpu() -> None:
    nameless = replace(gpu("", (7, 5)), name=None)
    assert _column("auto", FakeHost(nameless), Silent()) == "t4"


def test_a_gpu_s_column_needs_a_gpu() -> None:
    found = repeat.obstacle("t4", environments()["cuda10.2"], FakeHost())
    assert str(found) == "a GPU is needed, and NVML shows no GPU; install the driver."


@pytest.mark.parametrize(
    ("capability", "nearest"),
    [
        ((8, 0), "--image cuda11.1, another build of the same versions"),
        ((9, 0), "--image cuda11.8, other versions"),
        ((3, 0), "--image local, other versions"),
    ],
)
def test_a_gpu_that_the_published_software_can_t_use_is_told_the_nearest_that_runs(
    capability: tuple[int, int], nearest: str
) -> None:
    found = repeat.obstacle("t4", environments()["cuda10.2"], FakeHost(gpu("NVIDIA X", capability)))
    assert found is not None
    assert "is compiled for compute capability" in found.reason
    assert found.remedy.endswith(nearest)


def test_without_an_engine_other_software_is_a_choice_of_its_own() -> None:
    found = repeat.obstacle("epyc", environments()["cuda10.2"], FakeHost())
    assert str(found) == "no Docker engine answers; start one, or measure in other software: --image local."


def test_the_accuracy_column_needs_its_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    assert paths.data_folder() == tmp_path
    found = repeat.obstacle(MAP, environments()["cuda11.4"], FakeHost())
    assert found is not None
    assert found.remedy == "fetch it with: harness data fetch coco-val2017"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2H", 7200)])
def test_a_budget_is_a_time(text: str, seconds: float) -> None:
    assert budget.parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "5 m", "30min", "9" * 5000 + "h"])
def test_what_is_no_time_is_no_budget(text: str) -> None:
    with pytest.raises(BadInput, match="is no time"):
        budget.parse_budget(text)


@pytest.mark.parametrize("budget_s", [10.0, 10.9, 11.0, 250.0, 958.9])
def test_a_budget_holds_as_many_iterations_as_fit_and_no_fewer(budget_s: float) -> None:
    def cost(n: int) -> float:
        return 9.0 + n

    n = budget.affordable(cost(1), cost(950), 950, budget_s)
    assert cost(n) <= budget_s < cost(n + 1)


def test_a_budget_holds_all_or_none_at_its_ends() -> None:
    assert budget.affordable(10.0, 959.0, 950, 959.0) == 950
    assert budget.affordable(10.0, 959.0, 950, 9.9) == 0
    assert budget.affordable(10.0, 10.0, 1, 10.0) == 1


def test_a_plan_is_shortened_by_iterations_or_images() -> None:
    dataset = Dataset("some", "0" * 64, [1], list(range(8)), [f"{i}.jpg" for i in range(8)])
    detecting = job(SSD, suite="accuracy", dataset=dataset, images=[], protocol=PROTOCOL)
    timed, detected = plan(job(SSD, protocol=PROTOCOL)), plan(detecting)
    assert (budget.length(timed), budget.length(detected)) == (950, 8)
    assert budget.shortened(timed, 19).cells[0].job.warmup_iterations == 1
    assert [budget.length(budget.shortened(each, 3)) for each in (timed, detected)] == [3, 3]
    few = budget.shortened(detected, 2).cells[0].job.dataset
    assert few is not None
    assert (few.ids, few.files) == ([0, 1], ["0.jpg", "1.jpg"])


def test_the_largest_model_is_timed_first() -> None:
    tried = budget.pilot(plan(job(LITE, protocol=PROTOCOL), job(R50, protocol=PROTOCOL), job(SSD, protocol=PROTOCOL)))
    assert [cell.job.model.builder for cell in tried.cells] == [R50]
    assert budget.length(tried) == 2
