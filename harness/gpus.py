"""The NVIDIA GPUs of this host, as NVML describes them."""

import re
import shutil
import subprocess
from dataclasses import dataclass

import pynvml


@dataclass(frozen=True)
class Gpu:
    """A GPU and the driver that serves it; `compute_capability` is (major, minor)."""

    uuid: str
    name: str
    compute_capability: tuple[int, int]
    memory_bytes: int
    mig_enabled: bool
    driver: str


@dataclass(frozen=True)
class Gpus:
    """Every GPU in NVML's order, or none and why: the reason and the remedy."""

    found: list[Gpu]
    reason: str = ""
    remedy: str = ""


INSTALL_TOOLKIT = "install the NVIDIA Container Toolkit and restart the engine"
OUTDATED_DRIVER = "reboot: the driver was updated, but the old one is still loaded"
#: What the engine says where it can't hand a GPU to a container, and what helps.
TOOLKIT_REMEDIES = {
    "could not select device driver": INSTALL_TOOLKIT,
    "unresolvable CDI devices": "write the specification anew: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
    "driver not loaded": "load the driver (modprobe nvidia), or use --device cpu",
    "driver/library version mismatch": OUTDATED_DRIVER,
    "nvml error: unknown error": "restart the engine: it lost the GPU, as after a reload of systemd",
    "unsatisfied condition": "update the driver, or choose an environment of an older CUDA (harness doctor)",
}
#: What keeps NVML from answering, and what helps.
REMEDIES = {
    pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "install the NVIDIA driver (nvidia-smi must work)",
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "load the driver: modprobe nvidia, or reboot after its installation",
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: OUTDATED_DRIVER,
    pynvml.NVML_ERROR_UNKNOWN: "start this container or session anew: it lost its GPU, as after a reload of systemd",
    pynvml.NVML_ERROR_GPU_IS_LOST: "reboot: the GPU has fallen off the bus",
}


def observe() -> Gpus:
    """Ask NVML for every GPU. Nothing it answers is an error: a host without one is a host, too."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _none(error)
    try:
        driver = str(pynvml.nvmlSystemGetDriverVersion())
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        found = [_gpu(handle, driver) for handle in handles]
    except pynvml.NVMLError as error:
        return _none(error)
    finally:
        pynvml.nvmlShutdown()
    return Gpus(found) if found else Gpus([], "NVML shows no NVIDIA GPU on this host", "measure with --device cpu")


def toolkit_version() -> str | None:
    """Return the version of the NVIDIA Container Toolkit on this host, None where there is none."""
    program = shutil.which("nvidia-ctk")
    if program is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+\.\d+\.\d+\S*", said)
    return version.group() if version else None


def _gpu(handle: object, driver: str) -> Gpu:
    try:
        mig_enabled = bool(pynvml.nvmlDeviceGetMigMode(handle)[0])
    except pynvml.NVMLError:  # a GPU that knows no MIG says so by an error
        mig_enabled = False
    return Gpu(
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
        name=str(pynvml.nvmlDeviceGetName(handle)),
        compute_capability=tuple(pynvml.nvmlDeviceGetCudaComputeCapability(handle)),
        memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        mig_enabled=mig_enabled,
        driver=driver,
    )


def _none(error: pynvml.NVMLError) -> Gpus:
    remedy = REMEDIES.get(error.value, "check that nvidia-smi works")
    return Gpus([], f"NVML shows no NVIDIA GPU on this host ({error})", remedy)
