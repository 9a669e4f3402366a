"""Which machine this is."""

import os
import platform
import re
from contextlib import suppress
from pathlib import Path

from runner.contract import pseudonym
from runner.contract.cpus import parse_cpus

#: The second is where D-Bus keeps it on a machine without systemd.
MACHINE_IDS = [Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id")]
CPUINFO = Path("/proc/cpuinfo")
ONLINE_CPUS = Path("/sys/devices/system/cpu/online")


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
