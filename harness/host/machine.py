"""Which machine this is."""

import os
import platform
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from runner.contract import pseudonym
from runner.contract.cpus import parse_cpus

#: The second is where D-Bus keeps it on a machine without systemd.
MACHINE_IDS = [Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")]
CPUINFO = Path("/proc/cpuinfo")
ONLINE_CPUS = Path("/sys/devices/system/cpu/online")
#: Which CPUs are threads of one core, for each CPU.
SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def host_id() -> str | None:
    """Return a name for this machine that is the same in every run and reveals nothing else of it.

    None where it has no machine-id, or one that is not made yet: see machine-id(5).
    """
    for path in MACHINE_IDS:
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text(encoding="ascii").strip()
            if re.fullmatch("[0-9a-f]{32}", text) and set(text) != {"0"}:
                return pseudonym(f"{text}\n")  # with the file's last character, as ever
    return None


def cpu_model() -> str:
    """Return the CPU's name as the system gives it."""
    text = CPUINFO.read_text(encoding="utf-8", errors="replace") if CPUINFO.is_file() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return model.group(1) if model else platform.processor() or platform.machine()


def every_cpu() -> list[int]:
    """Return the numbers of the machine's CPUs, also of those that this process may not use."""
    try:
        return parse_cpus(ONLINE_CPUS.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return list(range(os.cpu_count() or 1))


def usable_cpus(chosen: str | None, *, contained: bool) -> list[int]:
    """Return the CPUs that a cell may use: those that were chosen, else all that it could.

    A process of this one's may use what this one may; a container is the engine's, and may use all there is.
    """
    if chosen:
        return parse_cpus(chosen)
    return every_cpu() if contained else sorted(os.sched_getaffinity(0))


def physical_cores(cpus: Iterable[int]) -> int | None:
    """Return how many physical cores the CPUs are on, None where the machine does not tell."""
    try:
        return len({Path(SIBLINGS.format(cpu)).read_text(encoding="ascii") for cpu in cpus})
    except (OSError, UnicodeDecodeError):
        return None
