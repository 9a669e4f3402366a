import ctypes
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from runner import job, nvml, used_gpu
from runner.contract import Gpu, UsedGpu, pseudonym
from tests.samples import job as job_document

OWN, OTHER = (str(uuid.UUID(int=number)) for number in (7, 8))


class ActingDriver:
    """Answers as libcuda does for its first device; functions that `lacks` names are not there, `fails` end in 999."""

    def __init__(self, name: str = "Tesla T4", lacks: tuple[str, ...] = (), fails: tuple[str, ...] = ()):
        self._name, self._lacks, self._fails = name, lacks, fails

    def __getattr__(self, question: str) -> Callable[..., int]:
        if question in self._lacks:
            raise AttributeError(question)
        return lambda *arguments: 999 if question in self._fails else self._answer(question, *arguments)

    def _answer(self, question: str, *arguments: Any) -> int:
        if question == "cuDeviceGetName":
            arguments[0].value = self._name.encode()
        elif question == "cuDeviceGetPCIBusId":
            arguments[0].value = b"0000:3b:00.0"
        elif question.startswith("cuDeviceGetUuid"):
            ctypes.memmove(arguments[0], uuid.UUID(OWN).bytes, 16)
        return 0


def listed(prefix: str, identity: str, **fields: Any) -> nvml.Listed:
    plain = {
        "index": 0,
        "name": "Tesla T4",
        "uuid": pseudonym(f"{prefix}-{identity}"),
        "memory_bytes": 1,
        "driver": "535",
    }
    return nvml.Listed(f"{prefix}-{identity}", Gpu(**{**plain, **fields}))


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., UsedGpu | None]:
    def observe(driver: ActingDriver, *gpus: nvml.Listed) -> UsedGpu | None:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
        monkeypatch.setattr(nvml, "listed", lambda: (list(gpus), None))
        return used_gpu.observe()

    return observe


def test_the_gpu_is_the_one_that_cuda_names_and_not_nvml_s_first(observed: Callable[..., UsedGpu | None]) -> None:
    found = observed(ActingDriver(), listed("GPU", OTHER, name="A6000"), listed("GPU", OWN))
    assert found == UsedGpu("Tesla T4", pseudonym(f"GPU-{OWN}"), "00000000:3B:00.0")


def test_where_nvml_shows_nothing_cuda_s_word_is_taken(observed: Callable[..., UsedGpu | None]) -> None:
    assert observed(ActingDriver()) == UsedGpu("Tesla T4", pseudonym(f"GPU-{OWN}"), "00000000:3B:00.0")


def test_an_instance_that_nvml_does_not_show_is_no_gpu(observed: Callable[..., UsedGpu | None]) -> None:
    found = observed(ActingDriver("A100 MIG 1g.5gb"))
    assert found == UsedGpu("A100 MIG 1g.5gb", pseudonym(f"MIG-{OWN}"), "00000000:3B:00.0", "1g.5gb")


def test_an_instance_has_its_own_uuid_and_a_profile(observed: Callable[..., UsedGpu | None]) -> None:
    whole = listed("GPU", OTHER, mig_enabled=True)
    found = observed(ActingDriver("A100 MIG 1g.5gb"), whole, listed("MIG", OWN, mig_profile="1g.5gb"))
    assert found == UsedGpu("A100 MIG 1g.5gb", pseudonym(f"MIG-{OWN}"), "00000000:3B:00.0", "1g.5gb")


@pytest.mark.parametrize("instances", [1, 2])
def test_an_old_driver_names_an_instance_only_where_there_is_one(
    observed: Callable[..., UsedGpu | None], instances: int
) -> None:
    parts = [listed("MIG", str(number), mig_profile="1g.5gb") for number in range(instances)]
    found = observed(ActingDriver(lacks=("cuDeviceGetUuid_v2",)), listed("GPU", OWN, mig_enabled=True), *parts)
    assert found is not None
    expected = (
        (pseudonym("MIG-0"), None) if instances == 1 else (None, "this driver does not say which MIG instance computes")
    )
    assert (found.uuid, found.missing_reason) == expected


def test_what_the_driver_does_not_say_has_a_reason(observed: Callable[..., UsedGpu | None]) -> None:
    found = observed(ActingDriver(fails=("cuDeviceGetUuid_v2",), lacks=("cuDeviceGetPCIBusId",)), listed("GPU", OWN))
    assert found is not None
    assert (found.uuid, found.pci_bus_id) == (None, None)
    assert found.missing_reason == "cuDeviceGetUuid_v2 failed with CUDA error 999; libcuda has no cuDeviceGetPCIBusId"


@pytest.mark.parametrize("question", ["cuInit", "cuDeviceGet", "cuDeviceGetName"])
def test_without_a_device_there_is_none(observed: Callable[..., UsedGpu | None], question: str) -> None:
    assert observed(ActingDriver(fails=(question,)), listed("GPU", OWN)) is None


def test_without_a_driver_there_is_none() -> None:
    assert used_gpu.observe() is None


def test_a_cell_names_no_gpu_that_torch_does_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(used_gpu, "observe", lambda: UsedGpu("Tesla T4", None, None))
    monkeypatch.setattr(nvml, "listed", lambda: ([], "NVML Shared Library Not Found"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = job.execute(job_document(device="cuda"), job.Folders(None, None, tmp_path), lambda event, **values: None)
    assert result.failure
    assert result.hardware
    assert "asks for a GPU, but torch" in result.failure.message
    assert result.hardware.used_gpu is None
