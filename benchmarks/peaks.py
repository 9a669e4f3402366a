"""The peak memory of a process, for every row that states one."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb(status: Path = STATUS) -> float:
    """Return the most memory, in MB, that this process had resident since it started its own program.

    VmHWM and not getrusage: ru_maxrss keeps the peak of the process that this one was forked from.
    """
    (line,) = [line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6  # its kB are 1024 bytes
