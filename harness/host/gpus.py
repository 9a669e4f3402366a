"""The NVIDIA GPUs of this host, as NVML describes them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import pynvml

from runner.contract import pseudonym
from runner.contract.identity import mig_profile
from runner.contract.visible import Known, visible


@dataclass(frozen=True)
class HostGpu:
    """What computes: a GPU, or an instance of one in MIG mode; and the driver that serves it.

    What the driver does not tell is None. `compute_capability` is (major, minor), `index` NVML's number, of an instance
    GPU:INSTANCE, `mig_profile` that of an instance, such as 1g.5gb, and `whole` the UUID of an instance's GPU.
    `failure` says in a clause why it can't compute, None where it can, and `remedy` what helps.
    """

    uuid: str | None
    name: str | None
    compute_capability: tuple[int, int] | None
    memory_bytes: int | None
    mig_enabled: bool | None
    driver: str | None
    index: str = "0"
    mig_profile: str | None = None
    whole: str | None = None
    failure: str | None = None
    remedy: str = ""

    @property
    def title(self) -> str:
        """Its name, or its number where it has none."""
        return self.name or f"GPU {self.index}"

    @property
    def trouble(self) -> str:
        """Which one it is, and why it can't compute."""
        return f"GPU {self.index}{f' ({self.name})' if self.name else ''} {self.failure}"

    @property
    def key(self) -> str:
        """What CUDA and containers know it by: its UUID, or where that is not told its number in PCI order."""
        return self.uuid or self.index

    @property
    def pseudonym(self) -> str:
        """What documents know it by."""
        return pseudonym(self.key)


@dataclass(frozen=True)
class Gpus:
    """Every GPU that CUDA_VISIBLE_DEVICES leaves, in its order, else in NVML's; cuda:N is the N-th.

    Instances stand in the place of a GPU in MIG mode.

    Where none can compute, `reason` and `remedy` say why. `broken`: there should be one, and something is wrong.
    """

    devices: list[HostGpu]
    reason: str = ""
    remedy: str = ""
    broken: bool = False

    @property
    def found(self) -> list[HostGpu]:
        """Those that can compute."""
        return [gpu for gpu in self.devices if gpu.failure is None]

    @property
    def failed(self) -> list[HostGpu]:
        """Those that can't."""
        return [gpu for gpu in self.devices if gpu.failure is not None]


OUTDATED_DRIVER = "reboot: the driver was updated, but the old one is still loaded"
#: What keeps NVML from answering, and what helps.
REMEDIES = {
    pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "install the NVIDIA driver (nvidia-smi must work)",
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "load the driver: modprobe nvidia, or reboot after its installation",
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: OUTDATED_DRIVER,
    pynvml.NVML_ERROR_UNKNOWN: "start this container or session anew: it lost its GPU, as after a reload of systemd",
    pynvml.NVML_ERROR_GPU_IS_LOST: "reboot: the GPU has fallen off the bus",
    pynvml.NVML_ERROR_RESET_REQUIRED: "reset it (nvidia-smi --gpu-reset), or reboot",
}
CHECK = "check that nvidia-smi works"
#: Of unlike GPUs the numbers in CUDA_VISIBLE_DEVICES are CUDA's own, by speed.
UNTOLD_ORDER = (
    "which GPUs CUDA_VISIBLE_DEVICES means can't be told, since it numbers unlike ones by speed",
    "write their UUIDs into it (nvidia-smi -L), or set CUDA_DEVICE_ORDER=PCI_BUS_ID",
)
#: Answers to any question that mean that the GPU does not work, and not that this one is not for it.
DEAD = {pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED}
#: What NVML says of a place for an instance of a GPU that has none.
EMPTY = {pynvml.NVML_ERROR_NOT_FOUND, pynvml.NVML_ERROR_INVALID_ARGUMENT}
MAKE_INSTANCES = "make instances (nvidia-smi mig -i {0} -cgi PROFILE -C), or turn MIG off (nvidia-smi -i {0} -mig 0)"

T = TypeVar("T")


def observe() -> Gpus:
    """Ask NVML for every GPU. Nothing it answers is an error: a host without one is a host, too.

    Each answer stands alone: a GPU that is lost hides no other, and what is not told of one is unknown.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _none(error)
    try:
        driver = _told(pynvml.nvmlSystemGetDriverVersion)
        devices = [each for i in range(pynvml.nvmlDeviceGetCount()) for each in _devices(i, driver)]
    except pynvml.NVMLError as error:
        return _none(error)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    if not devices:
        return Gpus([], "NVML shows no NVIDIA GPU on this host", "measure with --device cpu")
    usable = _visible(devices)
    if usable is None:
        return Gpus([], *UNTOLD_ORDER, broken=True)
    if not usable:
        return Gpus([], "CUDA_VISIBLE_DEVICES hides every GPU of this host", "unset it, or measure with --device cpu")
    return _judged(usable)


def _visible(devices: list[HostGpu]) -> list[HostGpu] | None:
    """Return what CUDA_VISIBLE_DEVICES leaves, in its order, and whatever fails; None where that can't be told."""
    places = visible([Known(int(gpu.index.partition(":")[0]), gpu.uuid, gpu.name, gpu.whole) for gpu in devices])
    if places is None:
        return None
    failed = [gpu for place, gpu in enumerate(devices) if gpu.failure and place not in places]
    return [devices[place] for place in places] + failed


def _judged(devices: list[HostGpu]) -> Gpus:
    if all(gpu.failure for gpu in devices):
        said = ", ".join(gpu.trouble for gpu in devices)
        return Gpus(devices, f"no GPU of this host can compute: {said}", devices[0].remedy, broken=True)
    return Gpus(devices)


def _devices(number: int, driver: str | None) -> list[HostGpu]:
    """Return the GPU of that number, or its instances where it is in MIG mode."""
    index = str(number)
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(number)
        gpu = _gpu(handle, driver, index)
        if not gpu.mig_enabled:
            return [gpu]
        instances = _instances(handle, gpu)
    except pynvml.NVMLError as error:
        return [_failed(error, driver, index)]
    failure = "is in MIG mode, in which instances compute alone, and NVML shows none of it"
    return instances or [replace(gpu, failure=failure, remedy=MAKE_INSTANCES.format(index))]


def _gpu(handle: object, driver: str | None, index: str) -> HostGpu:
    """Return what NVML tells of a GPU. Raises NVMLError where it answers that the GPU does not work."""
    mode = _told(pynvml.nvmlDeviceGetMigMode, handle)  # a GPU that knows no MIG says so by an error
    memory = _told(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return HostGpu(
        uuid=_told(pynvml.nvmlDeviceGetUUID, handle) or None,
        name=_told(pynvml.nvmlDeviceGetName, handle) or None,
        compute_capability=_told(pynvml.nvmlDeviceGetCudaComputeCapability, handle),
        memory_bytes=int(memory.total) if memory else None,
        mig_enabled=bool(mode and mode[0]),
        driver=driver or None,
        index=index,
    )


def _instances(handle: object, gpu: HostGpu) -> list[HostGpu]:
    """Return the instances of a GPU in MIG mode. They are of its capability, and have memory of their own."""
    instances = []
    for i in range(_told(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
        index = f"{gpu.index}:{i}"
        try:
            instances.append(_instance(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, i), gpu, index))
        except pynvml.NVMLError as error:
            if error.value not in EMPTY:
                instances.append(_failed(error, gpu.driver, index))
    return instances


def _instance(handle: object, gpu: HostGpu, index: str) -> HostGpu:
    seen = _gpu(handle, gpu.driver, index)
    profile = mig_profile(seen.name)
    instance = replace(
        seen,
        name=seen.name if profile else f"an instance of {gpu.title}",
        compute_capability=seen.compute_capability or gpu.compute_capability,
        mig_enabled=True,
        mig_profile=profile,
        whole=gpu.uuid,
    )
    if instance.uuid:
        return instance
    return replace(instance, failure="has no UUID that NVML tells, by which alone it can be chosen", remedy=CHECK)


def _told(question: Callable[..., T], *about: object) -> T | None:
    """Return NVML's answer, None where it has none. Raises NVMLError where that means that the GPU does not work."""
    try:
        return question(*about)
    except pynvml.NVMLError as error:
        if error.value in DEAD:
            raise
        return None
    except UnicodeDecodeError:  # a text that is none
        return None


def _failed(error: pynvml.NVMLError, driver: str | None, index: str) -> HostGpu:
    remedy = REMEDIES.get(error.value, CHECK)
    return HostGpu(None, None, None, None, None, driver, index, failure=f"does not answer ({error})", remedy=remedy)


def _none(error: pynvml.NVMLError) -> Gpus:
    remedy, broken = REMEDIES.get(error.value, CHECK), error.value != pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
    return Gpus([], f"NVML shows no NVIDIA GPU on this host ({error})", remedy, broken)
