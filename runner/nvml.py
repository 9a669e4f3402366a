"""The GPUs as NVML shows them to this process. Each answer stands alone: what one GPU refuses hides no other.

https://docs.nvidia.com/deploy/nvml-api/ says what each question answers.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pynvml

from runner.contract import Gpu, pseudonym
from runner.contract.identity import mig_profile
from runner.contract.visible import Known, visible


@dataclass(frozen=True)
class Listed:
    """A GPU or an instance of one as it goes into the document, and its UUID, which does not."""

    uuid: Optional[str]
    gpu: Gpu


def listed() -> Tuple[List[Listed], Optional[str]]:
    """Return every GPU that this process may use, instances after theirs, and why there is none where there is none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return [], str(error)
    try:
        every = [entry for index in range(pynvml.nvmlDeviceGetCount()) for entry in _at(index)]
    except pynvml.NVMLError as error:
        return [], str(error)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    if not every:
        return [], "NVML shows no GPU"
    usable = _visible(every)
    hidden = not any(entry.gpu.failure is None for entry in usable) and len(usable) < len(every)
    return usable, "CUDA_VISIBLE_DEVICES hides every GPU" if hidden else None


def _visible(every: List[Listed]) -> List[Listed]:
    """Return what CUDA may use, and whatever says nothing of itself; all of it where that can't be told."""
    wholes = {each.gpu.index: each.uuid for each in every if each.gpu.mig_profile is None}
    places = visible([_known(each, wholes) for each in every])
    return [each for place, each in enumerate(every) if places is None or place in places or each.gpu.failure]


def _known(entry: Listed, wholes: Dict[int, Optional[str]]) -> Known:
    whole = wholes.get(entry.gpu.index) if entry.gpu.mig_profile else None
    return Known(entry.gpu.index, entry.uuid, entry.gpu.name, whole)


def _at(index: int) -> Iterator[Listed]:
    """Yield the GPU of this number, then the instances that it is divided into."""
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    except pynvml.NVMLError as error:
        yield Listed(None, Gpu(index, None, None, None, _driver(), failure=str(error)))
        return
    yield _described(index, handle)
    for number in range(_ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0):
        instance = _ask(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)  # places may be empty
        if instance is not None:
            yield _described(index, instance)


def _described(index: int, handle: Any) -> Listed:
    name, uuid = _told(pynvml.nvmlDeviceGetName, handle), _told(pynvml.nvmlDeviceGetUUID, handle)
    capability = _ask(pynvml.nvmlDeviceGetCudaComputeCapability, handle)
    limit_mw = _ask(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    mig, ecc = _ask(pynvml.nvmlDeviceGetMigMode, handle), _ask(pynvml.nvmlDeviceGetEccMode, handle)
    pci, memory = _ask(pynvml.nvmlDeviceGetPciInfo, handle), _ask(pynvml.nvmlDeviceGetMemoryInfo, handle)
    gpu = Gpu(
        index=index,
        name=name,
        uuid=pseudonym(uuid) if uuid else None,
        memory_bytes=memory.total if memory else None,
        driver=_driver(),
        compute_capability=".".join(map(str, capability)) if capability else None,
        pci_bus_id=_text(pci.busId) if pci else None,
        power_limit_watts=limit_mw / 1000 if limit_mw is not None else None,
        max_sm_clock_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_SM),
        max_memory_clock_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_MEM),
        temperature_celsius=_ask(pynvml.nvmlDeviceGetTemperature, handle, pynvml.NVML_TEMPERATURE_GPU),
        mig_enabled=bool(mig[0]) if mig else None,
        ecc_enabled=bool(ecc[0]) if ecc else None,
        mig_profile=mig_profile(name),
    )
    return Listed(uuid, gpu)


def _driver() -> Optional[str]:
    return _told(pynvml.nvmlSystemGetDriverVersion)


def _told(question: Callable[..., Any], *arguments: Any) -> Optional[str]:
    answer = _ask(question, *arguments)
    return None if answer is None else _text(answer)


def _ask(question: Callable[..., Any], *arguments: Any) -> Any:
    """Return NVML's answer, or None where this GPU or driver has none, or a text that is none."""
    try:
        return question(*arguments)
    except (pynvml.NVMLError, UnicodeDecodeError):
        return None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
