"""What the harness makes of NVML's answers, refusals among them, with the answers given."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from harness.host import gpus
from harness.host.gpus import HostGpu

LOST, REFUSED, ABSENT = pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_NO_PERMISSION, pynvml.NVML_ERROR_NOT_FOUND


class ActingNvml:
    """NVML on a machine with some A100s. A GPU's handle is its number, that of an instance (GPU, number)."""

    def __init__(self, patch: pytest.MonkeyPatch, count: int = 1, mig: dict[int, list[str | int]] | None = None):
        self._patch, self._mig = patch, mig or {}
        self.open = 0
        self.answer("nvmlInit", lambda: self._opened(+1))
        self.answer("nvmlShutdown", lambda: self._opened(-1))
        self.answer("nvmlSystemGetDriverVersion", lambda: "580.95.05")
        self.answer("nvmlDeviceGetCount", lambda: count)
        self.answer("nvmlDeviceGetHandleByIndex", lambda number: number)
        self.answer("nvmlDeviceGetName", self._name)
        self.answer("nvmlDeviceGetUUID", lambda handle: f"{'MIG' if isinstance(handle, tuple) else 'GPU'}-{handle}")
        self.answer("nvmlDeviceGetCudaComputeCapability", lambda handle: (8, 0))
        self.answer("nvmlDeviceGetMemoryInfo", self._memory)
        self.answer("nvmlDeviceGetMigMode", lambda handle: [int(handle in self._mig)] * 2)
        self.answer("nvmlDeviceGetMaxMigDeviceCount", lambda handle: 7)
        self.answer("nvmlDeviceGetMigDeviceHandleByIndex", self._instance)

    def answer(self, question: str, function: Callable[..., Any]) -> None:
        self._patch.setattr(pynvml, question, function)

    def refuse(self, question: str, error: int, of: object = None) -> None:
        """Refuse a question, of that handle or of all."""
        answer = getattr(pynvml, question)

        def asked(*about: object) -> Any:
            if of is None or about[0] == of:
                raise pynvml.NVMLError(error)
            return answer(*about)

        self.answer(question, asked)

    def _opened(self, change: int) -> None:
        self.open += change

    def _name(self, handle: Any) -> str:
        return f"A100 MIG {self._mig[handle[0]][handle[1]]}" if isinstance(handle, tuple) else "A100"

    def _memory(self, handle: Any) -> Any:
        return SimpleNamespace(total=(5 if isinstance(handle, tuple) else 40) << 30)

    def _instance(self, handle: int, number: int) -> Any:
        """Answer as NVML does: the places of a GPU are numbered, and some are empty."""
        there = dict(enumerate(self._mig[handle])).get(number, ABSENT)
        if isinstance(there, int):
            raise pynvml.NVMLError(there)
        return handle, number


def whole(number: int) -> HostGpu:
    return HostGpu(f"GPU-{number}", "A100", (8, 0), 40 << 30, False, "580.95.05", str(number))


def test_a_lost_gpu_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ActingNvml(monkeypatch, count=3)
    nvml.refuse("nvmlDeviceGetHandleByIndex", LOST, of=1)
    seen = gpus.observe()
    assert seen.found == [whole(0), whole(2)]
    assert [gpu.index for gpu in seen.devices] == ["0", "1", "2"]
    (lost,) = seen.failed
    assert lost.trouble.startswith("GPU 1 does not answer (")
    assert lost.remedy == "reboot: the GPU has fallen off the bus"
    assert (seen.reason, nvml.open) == ("", 0)


@pytest.mark.parametrize("question", ["nvmlDeviceGetUUID", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetName"])
def test_a_gpu_that_is_lost_on_the_way_is_no_gpu_of_unknown_memory(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ActingNvml(monkeypatch, count=2).refuse(question, LOST, of=0)
    seen = gpus.observe()
    assert ([gpu.index for gpu in seen.failed], seen.found) == (["0"], [whole(1)])


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("nvmlDeviceGetName", "name"),
        ("nvmlDeviceGetUUID", "uuid"),
        ("nvmlDeviceGetMemoryInfo", "memory_bytes"),
        ("nvmlDeviceGetCudaComputeCapability", "compute_capability"),
        ("nvmlSystemGetDriverVersion", "driver"),
    ],
)
@pytest.mark.parametrize("error", [REFUSED, pynvml.NVML_ERROR_NOT_SUPPORTED])
def test_what_is_not_told_is_unknown_and_nothing_else(
    question: str, field: str, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ActingNvml(monkeypatch).refuse(question, error)
    (gpu,) = gpus.observe().found
    assert {name for name in vars(gpu) if getattr(gpu, name) != getattr(whole(0), name)} == {field}
    assert getattr(gpu, field) is None


def test_a_name_that_is_no_text_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch).answer("nvmlDeviceGetName", lambda handle: b"A\xff".decode())
    (gpu,) = gpus.observe().found
    assert (gpu.name, gpu.title) == (None, "GPU 0")


def test_a_gpu_without_a_uuid_is_known_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch, count=2).refuse("nvmlDeviceGetUUID", REFUSED)
    assert [gpu.key for gpu in gpus.observe().found] == ["0", "1"]


def test_where_none_can_compute_it_is_said_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ActingNvml(monkeypatch, count=2, mig={1: []})
    nvml.refuse("nvmlDeviceGetHandleByIndex", LOST, of=0)
    seen = gpus.observe()
    assert (seen.found, seen.broken) == ([], True)
    assert "GPU 0 does not answer (" in seen.reason
    assert "GPU 1 (A100) is in MIG mode" in seen.reason


def test_instances_take_the_place_of_their_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch, count=2, mig={0: ["3g.20gb", ABSENT, "1c.3g.20gb"]})
    first, second, other = gpus.observe().found
    assert (first.index, first.uuid, first.mig_profile) == ("0:0", "MIG-(0, 0)", "3g.20gb")
    assert (second.index, second.uuid, second.mig_profile) == ("0:2", "MIG-(0, 2)", "1c.3g.20gb")
    assert (second.name, second.memory_bytes, second.mig_enabled) == ("A100 MIG 1c.3g.20gb", 5 << 30, True)
    assert (first.whole, second.whole) == ("GPU-0", "GPU-0")
    assert other == whole(1)


def test_an_instance_of_which_little_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ActingNvml(monkeypatch, mig={0: ["1g.5gb", "1g.5gb"]})
    for question in ("nvmlDeviceGetName", "nvmlDeviceGetCudaComputeCapability", "nvmlDeviceGetMemoryInfo"):
        nvml.refuse(question, REFUSED, of=(0, 0))
    nvml.refuse("nvmlDeviceGetUUID", REFUSED, of=(0, 1))
    seen = gpus.observe()
    (gpu,) = seen.found
    assert (gpu.name, gpu.mig_profile, gpu.memory_bytes) == ("an instance of A100", None, None)
    assert gpu.compute_capability == (8, 0)
    assert [gpu.index for gpu in seen.failed] == ["0:1"]


def test_an_instance_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch, mig={0: ["1g.5gb", REFUSED]})
    assert [gpu.index for gpu in gpus.observe().failed] == ["0:1"]


def test_mig_mode_without_instances_has_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch, count=2, mig={1: []}).refuse("nvmlDeviceGetMaxMigDeviceCount", REFUSED)
    (gpu,) = gpus.observe().failed
    assert (gpu.index, gpu.uuid) == ("1", "GPU-1")
    assert "nvidia-smi mig -i 1 -cgi PROFILE -C" in gpu.remedy


@pytest.mark.parametrize(("error", "broken"), [(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, False), (999, True), (18, True)])
def test_no_driver_is_no_fault_and_one_that_fails_is(error: int, broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch).refuse("nvmlInit", error)
    seen = gpus.observe()
    assert (seen.devices, seen.broken) == ([], broken)
    assert seen.reason.startswith("NVML shows no NVIDIA GPU on this host (")


@pytest.mark.parametrize(
    ("named", "order", "indices"),
    [
        ("2,0", "PCI_BUS_ID", ["2", "0"]),
        ("GPU-1", None, ["1"]),
        ("1", None, ["1"]),  # alike, so that speed orders nothing
        ("2,-1,0", None, ["2"]),
        ("2,2", None, []),
        ("2,9,0", None, ["2"]),
    ],
)
def test_what_cuda_may_use_is_all_there_is_and_in_its_order(
    named: str, order: str | None, indices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ActingNvml(monkeypatch, count=3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    if order:
        monkeypatch.setenv("CUDA_DEVICE_ORDER", order)
    assert [gpu.index for gpu in gpus.observe().found] == indices


@pytest.mark.parametrize(
    ("named", "indices"), [("GPU-0", ["0:0", "0:1"]), ("0", ["0:0", "0:1"]), ("MIG-", []), ("MIG-0:1", ["0:1"])]
)
def test_a_gpu_that_cuda_may_use_means_its_instances(
    named: str, indices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = ActingNvml(monkeypatch, count=2, mig={0: ["1g.5gb", "1g.5gb"]})
    nvml.answer("nvmlDeviceGetUUID", lambda of: "MIG-{}:{}".format(*of) if isinstance(of, tuple) else f"GPU-{of}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert [gpu.index for gpu in gpus.observe().found] == indices


def test_numbers_of_unlike_gpus_are_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    ActingNvml(monkeypatch, count=2).answer("nvmlDeviceGetName", lambda handle: f"card {handle}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    seen = gpus.observe()
    assert (seen.devices, seen.broken) == ([], True)
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in seen.remedy
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert [gpu.name for gpu in gpus.observe().found] == ["card 1"]


def test_hidden_gpus_are_no_fault_and_lost_ones_are_still_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ActingNvml(monkeypatch, count=2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    seen = gpus.observe()
    assert (seen.devices, seen.broken) == ([], False)
    assert seen.reason == "CUDA_VISIBLE_DEVICES hides every GPU of this host"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")
    nvml.refuse("nvmlDeviceGetHandleByIndex", LOST, of=0)
    seen = gpus.observe()
    assert ([gpu.index for gpu in seen.found], [gpu.index for gpu in seen.failed]) == (["1"], ["0"])
