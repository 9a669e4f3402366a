"""The machine, as seen from inside the runner's process or container."""

import os
import platform
import re
from pathlib import Path
from typing import Any, Callable, List, Optional, Tuple

import psutil
import pynvml

from runner.contract import Gpu, Hardware

CPU_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq")
MACHINE = Path("/sys/class/dmi/id")


def observe() -> Hardware:
    """Describe CPU, memory and GPUs. What the machine does not tell is None."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    frequency = _read(CPU_FREQUENCY / "cpuinfo_max_freq")
    gpus, reason = observe_gpus()
    return Hardware(
        cpu_model=" ".join(model.group(1).split()) if model else platform.processor() or platform.machine(),
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=psutil.cpu_count() or 1,
        usable_cores=len(os.sched_getaffinity(0)),
        max_frequency_mhz=int(frequency) / 1000 if frequency else None,
        governor=_read(CPU_FREQUENCY / "scaling_governor"),
        memory_bytes=psutil.virtual_memory().total,
        virtualisation=_virtualisation(cpuinfo),
        kernel=platform.release(),
        gpus=gpus,
        gpus_missing_reason=reason,
        usable_cpus=sorted(os.sched_getaffinity(0)),
    )


def observe_gpus() -> Tuple[List[Gpu], Optional[str]]:
    """Return every GPU that NVML shows to this process, and why there is none where there is none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return [], str(error)
    try:
        gpus = [_gpu(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError as error:
        return [], str(error)
    finally:
        pynvml.nvmlShutdown()
    return gpus, None if gpus else "NVML shows no GPU"


def _gpu(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    capability = _ask(pynvml.nvmlDeviceGetCudaComputeCapability, handle)
    limit_mw = _ask(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle)
    mig, ecc = _ask(pynvml.nvmlDeviceGetMigMode, handle), _ask(pynvml.nvmlDeviceGetEccMode, handle)
    pci = _ask(pynvml.nvmlDeviceGetPciInfo, handle)
    return Gpu(
        index=index,
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
        memory_bytes=pynvml.nvmlDeviceGetMemoryInfo(handle).total,
        driver=_text(pynvml.nvmlSystemGetDriverVersion()),
        compute_capability=".".join(map(str, capability)) if capability else None,
        pci_bus_id=_text(pci.busId) if pci else None,
        power_limit_watts=limit_mw / 1000 if limit_mw is not None else None,
        max_sm_clock_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_SM),
        max_memory_clock_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_MEM),
        temperature_celsius=_ask(pynvml.nvmlDeviceGetTemperature, handle, pynvml.NVML_TEMPERATURE_GPU),
        mig_enabled=bool(mig[0]) if mig else None,
        ecc_enabled=bool(ecc[0]) if ecc else None,
    )


def _ask(question: Callable[..., Any], *arguments: Any) -> Any:
    """Return NVML's answer, or None where this GPU or driver has none."""
    try:
        return question(*arguments)
    except pynvml.NVMLError:
        return None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _virtualisation(cpuinfo: str) -> Optional[str]:
    if not re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE):
        return None
    vendor, product = _read(MACHINE / "sys_vendor"), _read(MACHINE / "product_name")
    return " ".join(filter(None, (vendor, product))) or "a hypervisor that does not name itself"


def _read(path: Path) -> Optional[str]:
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
