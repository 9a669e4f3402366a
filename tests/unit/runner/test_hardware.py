import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from runner import hardware
from runner.contract import Gpu, pseudonym

CPUINFO = """\
processor\t: 0
vendor_id\t: AuthenticAMD
model name\t: AMD  EPYC 7B12   64-Core Processor
flags\t\t: fpu vme {more} sse

processor\t: 1
model name\t: another
flags\t\t: fpu vme {more} sse
"""


def answer(value: Any) -> Callable[..., Any]:
    return lambda *arguments: value


def refuse(error: int) -> Callable[..., Any]:
    def asked(*arguments: object) -> None:
        raise pynvml.NVMLError(error)

    return asked


class ActingDriver:
    """Answers as NVML does on a machine with one GPU, a Tesla T4."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self._patch = monkeypatch
        self.open = 0
        self.set(
            nvmlInit=lambda: self._count(+1),
            nvmlShutdown=lambda: self._count(-1),
            nvmlDeviceGetCount=answer(1),
            nvmlDeviceGetHandleByIndex=lambda index: ("handle", index),
            nvmlSystemGetDriverVersion=answer("460.32.03"),
            nvmlDeviceGetName=answer("Tesla T4"),
            nvmlDeviceGetUUID=lambda handle: f"GPU-{handle[1]}",
            nvmlDeviceGetMemoryInfo=answer(SimpleNamespace(total=15 << 30, free=1, used=2)),
            nvmlDeviceGetCudaComputeCapability=answer((7, 5)),
            nvmlDeviceGetEnforcedPowerLimit=answer(70_500),
            nvmlDeviceGetPciInfo=answer(SimpleNamespace(busId="00000000:00:04.0")),
            nvmlDeviceGetMaxClockInfo=lambda handle, which: {
                pynvml.NVML_CLOCK_SM: 1590,
                pynvml.NVML_CLOCK_MEM: 5001,
            }[which],
            nvmlDeviceGetTemperature=lambda handle, sensor: {pynvml.NVML_TEMPERATURE_GPU: 41}[sensor],
            nvmlDeviceGetMigMode=refuse(pynvml.NVML_ERROR_NOT_SUPPORTED),
            nvmlDeviceGetMaxMigDeviceCount=refuse(pynvml.NVML_ERROR_NOT_SUPPORTED),
            nvmlDeviceGetEccMode=answer([1, 0]),
        )

    def _count(self, change: int) -> None:
        self.open += change

    def set(self, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            self._patch.setattr(pynvml, name, function)


T4 = Gpu(
    index=0,
    name="Tesla T4",
    uuid=pseudonym("GPU-0"),
    memory_bytes=15 << 30,
    driver="460.32.03",
    compute_capability="7.5",
    pci_bus_id="00000000:00:04.0",
    power_limit_watts=70.5,
    max_sm_clock_mhz=1590,
    max_memory_clock_mhz=5001,
    temperature_celsius=41,
    mig_enabled=None,
    ecc_enabled=True,
)


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> ActingDriver:
    return ActingDriver(monkeypatch)


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pynvml, "nvmlInit", refuse(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND))


@pytest.mark.usefixtures("no_driver")
def test_without_a_driver_there_is_no_gpu_and_a_reason() -> None:
    gpus, reason = hardware.observe_gpus()
    assert gpus == []
    assert reason is not None
    assert "Shared Library Not Found" in reason


def test_a_gpu_is_described_as_nvml_describes_it(driver: ActingDriver) -> None:
    assert hardware.observe_gpus() == ([T4], None)
    assert driver.open == 0


def test_an_older_nvml_answers_in_bytes(driver: ActingDriver) -> None:
    driver.set(
        nvmlDeviceGetName=answer(b"Tesla T4"),
        nvmlDeviceGetUUID=answer(b"GPU-0"),
        nvmlSystemGetDriverVersion=answer(b"460.32.03"),
        nvmlDeviceGetPciInfo=answer(SimpleNamespace(busId=b"00000000:00:04.0")),
    )
    assert hardware.observe_gpus() == ([T4], None)


def test_gpus_are_numbered_as_nvml_numbers_them(driver: ActingDriver) -> None:
    driver.set(nvmlDeviceGetCount=answer(2))
    gpus, _ = hardware.observe_gpus()
    assert [(gpu.index, gpu.uuid) for gpu in gpus] == [(0, pseudonym("GPU-0")), (1, pseudonym("GPU-1"))]


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("nvmlDeviceGetName", ["name"]),
        ("nvmlDeviceGetUUID", ["uuid"]),
        ("nvmlDeviceGetMemoryInfo", ["memory_bytes"]),
        ("nvmlSystemGetDriverVersion", ["driver"]),
        ("nvmlDeviceGetCudaComputeCapability", ["compute_capability"]),
        ("nvmlDeviceGetEnforcedPowerLimit", ["power_limit_watts"]),
        ("nvmlDeviceGetPciInfo", ["pci_bus_id"]),
        ("nvmlDeviceGetMaxClockInfo", ["max_sm_clock_mhz", "max_memory_clock_mhz"]),
        ("nvmlDeviceGetTemperature", ["temperature_celsius"]),
        ("nvmlDeviceGetEccMode", ["ecc_enabled"]),
    ],
)
@pytest.mark.parametrize("error", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND])
def test_what_the_driver_does_not_answer_is_unknown(
    driver: ActingDriver, question: str, fields: list[str], error: int
) -> None:
    driver.set(**{question: refuse(error)})
    (gpu,), _ = hardware.observe_gpus()
    changed = [name for name in vars(T4) if getattr(gpu, name) != getattr(T4, name)]
    assert sorted(changed) == sorted(fields)
    assert [getattr(gpu, name) for name in fields] == [None] * len(fields)


@pytest.mark.parametrize(("mode", "enabled"), [([1, 0], True), ([0, 1], False)])
def test_a_mode_that_is_off_is_not_unknown(driver: ActingDriver, mode: list[int], enabled: bool) -> None:
    driver.set(nvmlDeviceGetMigMode=answer(mode), nvmlDeviceGetEccMode=answer(mode))
    (gpu,), _ = hardware.observe_gpus()
    assert (gpu.mig_enabled, gpu.ecc_enabled) == (enabled, enabled)


def test_a_driver_without_a_gpu_is_a_reason(driver: ActingDriver) -> None:
    driver.set(nvmlDeviceGetCount=answer(0))
    assert hardware.observe_gpus() == ([], "NVML shows no GPU")


def test_a_lost_gpu_hides_no_other_and_nvml_is_closed(driver: ActingDriver) -> None:
    lost = refuse(pynvml.NVML_ERROR_GPU_IS_LOST)
    driver.set(
        nvmlDeviceGetCount=answer(2),
        nvmlDeviceGetHandleByIndex=lambda index: ("handle", index) if index else lost(),
    )
    gpus, reason = hardware.observe_gpus()
    assert [(gpu.index, gpu.name, gpu.failure) for gpu in gpus] == [(0, None, "GPU is lost"), (1, "Tesla T4", None)]
    assert reason is None
    assert driver.open == 0


def in_mig_mode(driver: ActingDriver) -> None:
    """Divide the GPU into two instances, at the first and the third of its places."""

    def instance(handle: Any, place: int) -> Any:
        return ("instance", place) if place != 1 else refuse(pynvml.NVML_ERROR_NOT_FOUND)()

    driver.set(
        nvmlDeviceGetMigMode=lambda handle: (
            [1, 1] if handle[0] == "handle" else refuse(pynvml.NVML_ERROR_NOT_SUPPORTED)()
        ),
        nvmlDeviceGetMaxMigDeviceCount=lambda handle: 3,
        nvmlDeviceGetMigDeviceHandleByIndex=instance,
        nvmlDeviceGetName=lambda handle: "A100" + (" MIG 1g.5gb" if handle[0] == "instance" else ""),
        nvmlDeviceGetUUID=lambda handle: f"{'MIG' if handle[0] == 'instance' else 'GPU'}-{handle[1]}",
    )


def test_instances_of_a_gpu_are_listed_after_it(driver: ActingDriver) -> None:
    in_mig_mode(driver)
    gpus, _ = hardware.observe_gpus()
    assert [(gpu.index, gpu.name, gpu.mig_enabled, gpu.mig_profile) for gpu in gpus] == [
        (0, "A100", True, None),
        (0, "A100 MIG 1g.5gb", None, "1g.5gb"),
        (0, "A100 MIG 1g.5gb", None, "1g.5gb"),
    ]
    assert [gpu.uuid for gpu in gpus] == [pseudonym(uuid) for uuid in ("GPU-0", "MIG-0", "MIG-2")]


def test_a_gpu_that_cuda_may_use_brings_its_instances(driver: ActingDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    in_mig_mode(driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-0")
    assert len(hardware.observe_gpus()[0]) == 3
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-2")
    assert [gpu.uuid for gpu in hardware.observe_gpus()[0]] == [pseudonym("MIG-2")]


def test_a_gpu_that_is_lost_is_named_whatever_cuda_may_use(
    driver: ActingDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.set(nvmlDeviceGetHandleByIndex=refuse(pynvml.NVML_ERROR_GPU_IS_LOST))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-0")
    (gpu,), reason = hardware.observe_gpus()
    assert (gpu.failure, reason) == ("GPU is lost", None)


@pytest.mark.parametrize(
    ("visible", "order", "indices"),
    [
        ("GPU-1", None, [1]),
        ("GPU-2,GPU-0", None, [0, 2]),
        ("GPU-", None, []),  # which of them is not said
        ("GPU-2,GPU-9,GPU-0", None, [2]),
        ("GPU-2,1", None, [2]),
        ("0,7,1", "PCI_BUS_ID", [0]),
        ("1,1", "PCI_BUS_ID", []),
        ("1gpu,2nd", "PCI_BUS_ID", [1, 2]),
        ("1", "PCI_BUS_ID", [1]),
        ("2,1", "PCI_BUS_ID", [1, 2]),
        ("2,-1,1", "PCI_BUS_ID", [2]),
        ("-1", None, []),
        ("1", None, [1]),  # alike, so that speed orders nothing
        ("", None, []),
    ],
)
def test_what_cuda_may_not_use_is_not_listed(
    driver: ActingDriver, monkeypatch: pytest.MonkeyPatch, visible: str, order: str | None, indices: list[int]
) -> None:
    driver.set(nvmlDeviceGetCount=answer(3))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    if order:
        monkeypatch.setenv("CUDA_DEVICE_ORDER", order)
    gpus, reason = hardware.observe_gpus()
    assert [gpu.index for gpu in gpus] == indices
    assert reason == (None if indices else "CUDA_VISIBLE_DEVICES hides every GPU")


def test_numbers_of_unlike_gpus_tell_nothing(driver: ActingDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.set(nvmlDeviceGetCount=answer(2), nvmlDeviceGetName=lambda handle: f"card {handle[1]}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [gpu.index for gpu in hardware.observe_gpus()[0]] == [0, 1]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert hardware.observe_gpus() == ([], "CUDA_VISIBLE_DEVICES hides every GPU")


def test_a_name_that_is_no_text_and_an_nvml_that_does_not_close_end_nothing(driver: ActingDriver) -> None:
    def garbled(handle: Any) -> str:
        return b"Tesla \xff".decode()

    driver.set(nvmlDeviceGetName=garbled, nvmlShutdown=refuse(pynvml.NVML_ERROR_UNKNOWN))
    (gpu,), reason = hardware.observe_gpus()
    assert (gpu.name, gpu.uuid, reason) == (None, T4.uuid, None)


@pytest.fixture
def machine(no_driver: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the files that describe this machine."""
    for part in ("frequency", "dmi"):
        (tmp_path / part).mkdir()
    (tmp_path / "cpuinfo").write_text(CPUINFO.format(more="ht"))

    def instead(name: str) -> Path:
        assert name == "/proc/cpuinfo"
        return tmp_path / "cpuinfo"

    monkeypatch.setattr(hardware, "Path", instead)
    monkeypatch.setattr(hardware, "CPU_FREQUENCY", tmp_path / "frequency")
    monkeypatch.setattr(hardware, "MACHINE", tmp_path / "dmi")
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_a_silent_machine_is_unknown_and_not_an_error() -> None:
    observed = hardware.observe()
    assert observed.cpu_model == "AMD EPYC 7B12 64-Core Processor"
    assert (observed.max_frequency_mhz, observed.governor, observed.virtualisation) == (None, None, None)
    assert observed.gpus == []
    assert observed.gpus_missing_reason == "NVML Shared Library Not Found"


def test_a_talkative_machine_tells_clock_and_governor(machine: Path) -> None:
    (machine / "frequency" / "cpuinfo_max_freq").write_text("3400500\n")
    (machine / "frequency" / "scaling_governor").write_text("performance\n")
    observed = hardware.observe()
    assert (observed.max_frequency_mhz, observed.governor) == (3400.5, "performance")


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ({"sys_vendor": "Google\n", "product_name": "Google Compute Engine\n"}, "Google Google Compute Engine"),
        ({"sys_vendor": "QEMU\n"}, "QEMU"),
        ({"sys_vendor": "\n"}, "a hypervisor that does not name itself"),
        ({}, "a hypervisor that does not name itself"),
    ],
)
def test_a_virtual_machine_is_told_by_its_flag(machine: Path, named: dict[str, str], wanted: str) -> None:
    for name, text in named.items():
        (machine / "dmi" / name).write_text(text)
    assert hardware.observe().virtualisation is None
    (machine / "cpuinfo").write_text(CPUINFO.format(more="hypervisor"))
    assert hardware.observe().virtualisation == wanted


def test_a_cpu_without_a_model_name_is_its_architecture(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "cpuinfo").write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert hardware.observe().cpu_model == "aarch64"


@pytest.mark.usefixtures("no_driver")
def test_this_machine_is_observed() -> None:
    observed = hardware.observe()
    assert observed.memory_bytes == psutil.virtual_memory().total
    assert observed.usable_cores == len(os.sched_getaffinity(0))
    assert observed.logical_cores == psutil.cpu_count()
    assert observed.kernel == os.uname().release
    assert observed.cpu_model


def test_the_gpus_are_part_of_the_hardware(driver: ActingDriver) -> None:
    observed = hardware.observe()
    assert (observed.gpus, observed.gpus_missing_reason) == ([T4], None)
