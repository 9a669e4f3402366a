"""Which GPU computes: the one that CUDA itself calls the first, whatever NVML lists and in whichever order.

Asked of the driver's own library, since torch 1.9 knows no UUID of a device:
https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__DEVICE.html. Its first device is torch's cuda:0 in the same
process, because both follow CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER.
"""

import ctypes
import uuid
from typing import Any, List, Optional

from runner import nvml
from runner.contract import UsedGpu, pseudonym
from runner.contract.identity import mig_profile

LIBRARY = "libcuda.so.1"
LONGEST_NAME, LONGEST_BUS_ID = 256, 32


class NoAnswer(Exception):
    """The driver does not say what it was asked."""


def observe() -> Optional[UsedGpu]:
    """Return the GPU that computes, None where CUDA has none.

    In MIG mode it is the instance. Its UUID is one of NVML's, which have a prefix that tells GPUs from instances.
    """
    try:
        driver = ctypes.CDLL(LIBRARY)
        _call(driver, "cuInit", 0)
        device = ctypes.c_int()
        _call(driver, "cuDeviceGet", ctypes.byref(device), 0)
        name = _text(driver, "cuDeviceGetName", LONGEST_NAME, device)
    except (OSError, NoAnswer):
        return None
    reasons: List[str] = []
    identity = _or_reason(lambda: _uuid(driver, device), reasons)
    bus_id = _or_reason(lambda: _bus_id(driver, device), reasons)
    entry = _among(identity, nvml.listed()[0], reasons) if identity else None
    return UsedGpu(
        name=name,
        uuid=entry.gpu.uuid if entry else pseudonym(f"{_kind(name)}-{identity}") if identity and not reasons else None,
        pci_bus_id=bus_id,
        mig_profile=(entry.gpu.mig_profile if entry else None) or mig_profile(name),
        missing_reason="; ".join(reasons) or None,
    )


def _kind(name: str) -> str:
    """Return what NVML's UUID of a device of this name begins with."""
    return "MIG" if mig_profile(name) else "GPU"


def _among(identity: str, listed: List[nvml.Listed], reasons: List[str]) -> Optional[nvml.Listed]:
    """Return the one of NVML's that has the UUID. An old driver says a GPU's for its instance: then the only one."""
    named = next((each for each in listed if each.uuid and each.uuid.partition("-")[2] == identity), None)
    if named is None or not named.gpu.mig_enabled:
        return named
    instances = [each for each in listed if each.gpu.index == named.gpu.index and each.gpu.mig_profile]
    if len(instances) == 1:
        return instances[0]
    reasons.append("this driver does not say which MIG instance computes")
    return None


def _uuid(driver: Any, device: Any) -> str:
    """Return the UUID without a prefix; of a MIG instance its own, where the driver is new enough (CUDA 11.4)."""
    raw = (ctypes.c_ubyte * 16)()
    question = "cuDeviceGetUuid_v2" if hasattr(driver, "cuDeviceGetUuid_v2") else "cuDeviceGetUuid"
    _call(driver, question, ctypes.byref(raw), device)
    return str(uuid.UUID(bytes=bytes(raw)))


def _bus_id(driver: Any, device: Any) -> str:
    """Return the PCI bus id as NVML writes it: its domain has eight digits there, and four here."""
    domain, _, rest = _text(driver, "cuDeviceGetPCIBusId", LONGEST_BUS_ID, device).partition(":")
    return f"{domain.zfill(8)}:{rest}".upper()


def _text(driver: Any, question: str, length: int, device: Any) -> str:
    text = ctypes.create_string_buffer(length)
    _call(driver, question, text, length, device)
    return text.value.decode(errors="replace")


def _or_reason(ask: Any, reasons: List[str]) -> Optional[str]:
    try:
        return str(ask())
    except NoAnswer as error:
        reasons.append(str(error))
        return None


def _call(driver: Any, question: str, *arguments: Any) -> None:
    """Ask the driver. Raises NoAnswer where it lacks the function or answers with an error (any number but 0)."""
    try:
        code = getattr(driver, question)(*arguments)
    except AttributeError as error:
        raise NoAnswer(f"libcuda has no {question}") from error
    if code != 0:
        raise NoAnswer(f"{question} failed with CUDA error {code}")
