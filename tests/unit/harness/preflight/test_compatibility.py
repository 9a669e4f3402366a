from dataclasses import replace

import pytest

from harness.catalogue import environments
from harness.host.gpus import HostGpu
from harness.preflight.compatibility import ranked, verdict

T4 = HostGpu("GPU-a", "Tesla T4", (7, 5), 16 << 30, False, "580.95.05")
CUDA126 = environments()["cuda12.6"]


@pytest.mark.parametrize(
    ("driver", "kind", "words"),
    [
        ("580.95.05", "native", "runs natively (sm_75)"),
        ("560.28.03", "native", "runs natively (sm_75)"),
        ("560.28.02", "native", "runs natively (sm_75); driver 560.28.02 is older than CUDA 12.6"),
        ("525.60", "native", "by minor-version compatibility"),
        ("520.61.05", "impossible", "driver 520.61.05 is too old for CUDA 12.6, which needs 525 or newer"),
    ],
)
def test_drivers(driver: str, kind: str, words: str) -> None:
    found = verdict(CUDA126, replace(T4, driver=driver))
    assert found.kind == kind
    assert words in found.reason


def test_an_old_cuda_has_no_minor_version_compatibility() -> None:
    old = verdict(environments()["cuda10.2"], replace(T4, driver="440.32"))
    assert old.reason == "driver 440.32 is too old for CUDA 10.2, which needs 440.33 or newer"


@pytest.mark.parametrize(
    ("capability", "kind"),
    [((3, 5), "impossible"), ((5, 2), "native"), ((8, 7), "native"), ((8, 9), "native"), ((12, 0), "impossible")],
)
def test_machine_code_serves_newer_minor_versions_of_its_major_version(capability: tuple[int, int], kind: str) -> None:
    assert verdict(CUDA126, replace(T4, compute_capability=capability)).kind == kind


def test_ptx_serves_every_newer_gpu() -> None:
    with_ptx = replace(CUDA126, ptx=["compute_90"])
    assert verdict(with_ptx, replace(T4, compute_capability=(12, 0))).kind == "ptx"
    assert verdict(with_ptx, replace(T4, compute_capability=(3, 7))).kind == "impossible"


@pytest.mark.parametrize(
    ("capability", "driver", "names"),
    [
        ((6, 1), "580.95.05", ["cuda12.6", "cuda11.8", "cuda11.4", "cuda11.1", "cuda10.2"]),
        ((7, 5), "580.95.05", ["cuda13.0", "cuda12.6", "cuda11.8", "cuda11.1", "cuda10.2"]),
        ((7, 5), "470.42.01", ["cuda11.8", "cuda11.1", "cuda10.2"]),
        ((9, 0), "580.95.05", ["cuda13.0", "cuda12.6", "cuda11.8"]),
        ((12, 0), "580.95.05", ["cuda13.0"]),
        ((3, 5), "470.42.01", []),
    ],
)
def test_the_newest_cuda_that_runs_comes_first(capability: tuple[int, int], driver: str, names: list[str]) -> None:
    assert [stack.name for stack in ranked(replace(T4, compute_capability=capability, driver=driver))] == names


def test_of_an_unknown_driver_only_trying_tells() -> None:
    found = verdict(CUDA126, replace(T4, driver=None))
    assert (found.kind, found.possible) == ("unknown", True)
    assert found.reason == "runs natively (sm_75); the driver's version is not known"
    assert verdict(CUDA126, replace(T4, driver=None, compute_capability=(3, 5))).kind == "impossible"


def test_of_an_unknown_capability_only_trying_tells() -> None:
    found = verdict(CUDA126, replace(T4, compute_capability=None))
    assert (found.kind, found.possible) == ("unknown", True)
    assert found.reason == "may run: the compute capability of Tesla T4 is not known"
    assert verdict(CUDA126, replace(T4, compute_capability=None, driver="450.1")).kind == "impossible"


def test_what_is_not_known_to_run_is_not_chosen() -> None:
    assert ranked(replace(T4, compute_capability=None)) == ranked(replace(T4, driver=None)) == []


def test_on_a_cpu_the_official_wheels_come_first() -> None:
    assert [stack.name for stack in ranked(None)][:3] == ["cpu", "cpu-debian13", "cuda10.2"]
