"""The machine, as seen from inside the runner's process or container."""

import os
import platform
import re
from pathlib import Path
from typing import List, Optional, Tuple

import psutil

from runner import nvml
from runner.contract import Gpu, Hardware

CPU_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq")
MACHINE = Path("/sys/class/dmi/id")


def observe() -> Hardware:
    """Describe CPU, memory and GPUs. What the machine does not tell is None, and so is which GPU computes."""
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
    """Return every GPU that this process may use, and why there is none where there is none."""
    listed, reason = nvml.listed()
    return [entry.gpu for entry in listed], reason


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
