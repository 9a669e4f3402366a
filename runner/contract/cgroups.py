"""What this process's control groups allow it, version 1 and 2, alone, side by side, nested and in a container.

A limit holds for everything below it, so every group from the root that is visible here down to the process's own
counts, and the tightest limit is the one that is felt. What a container's namespace hides above its root can't be seen.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional

#: Files of version 1; those of version 2 are cpu.max and memory.max.
V1_QUOTA, V1_PERIOD, V1_MEMORY = "cpu.cfs_quota_us", "cpu.cfs_period_us", "memory.limit_in_bytes"
#: Version 1 writes "no limit" as the largest multiple of a page; no machine has this much memory.
NO_MEMORY_LIMIT = 1 << 62


#: The reason for which nothing is said of a quota where none holds.
NO_QUOTA = "there is no CPU quota"


class Unknown(Exception):
    """Nothing tells which control groups this process is in; the message says why."""


@dataclass(frozen=True)
class Mount:
    """A mounted hierarchy: the group that is its root, and where it lies."""

    group: str
    folder: Path


@dataclass(frozen=True)
class Quota:
    """The CPU quota of one control group, and the file in which the kernel counts what it did."""

    cpus: float
    statistics: Path


@dataclass(frozen=True)
class Throttling:
    """For how many of its periods a quota has stopped its group so far, and for how long in all."""

    periods: int
    throttled_periods: int
    throttled_ms: float


def quotas(root: Path = Path("/")) -> List[Quota]:
    """Return the CPU quotas that hold for this process, the tightest first. Raises Unknown."""
    known = filter(None, map(_quota, folders("cpu", root)))
    return sorted(known, key=lambda quota: quota.cpus)


def memory_limit(root: Path = Path("/")) -> Optional[int]:
    """Return the tightest memory limit of this process in bytes, None where there is none. Raises Unknown."""
    texts = [_read(folder / name) for folder in folders("memory", root) for name in ("memory.max", V1_MEMORY)]
    limits = [int(text) for text in texts if text.isdigit()]
    return min((limit for limit in limits if limit < NO_MEMORY_LIMIT), default=None)


def throttling(quota: Quota) -> Throttling:
    """Return what the kernel has counted of a quota. Raises OSError where its group is gone."""
    counted = dict(line.split() for line in quota.statistics.read_text(encoding="ascii").splitlines())
    # Microseconds in version 2, nanoseconds in version 1.
    throttled_ms = int(counted.get("throttled_usec", 0)) / 1e3 + int(counted.get("throttled_time", 0)) / 1e6
    return Throttling(int(counted.get("nr_periods", 0)), int(counted.get("nr_throttled", 0)), throttled_ms)


def folders(controller: str, root: Path = Path("/")) -> List[Path]:
    """Return the folders of the groups that limit this process by the controller, outermost first.

    `root` is the folder that /proc and the mounts lie below. Raises Unknown where there is no such folder.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text("utf-8", "surrogateescape").splitlines()
        mounts = (root / "proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError as error:
        raise Unknown(f"the control groups can't be read: {error.strerror}") from error
    places = [
        folder
        for line in groups
        for number, controllers, group in [line.split(":", 2)]
        if controller in controllers.split(",") or (number, controllers) == ("0", "")
        for mount in _mounts(mounts, controller if controllers else None, root)
        for folder in _levels(mount, group)
    ]
    if not places:
        raise Unknown(f"no control group with the controller {controller} is mounted where this process can see it")
    return list(dict.fromkeys(places))


def _mounts(lines: List[str], controller: Optional[str], root: Path) -> Iterator[Mount]:
    """Yield the mounts of a controller's hierarchy of version 1; without one, of version 2."""
    for line in lines:
        place, _, kind = line.partition(" - ")
        group, folder = (_unescaped(text) for text in place.split(" ")[3:5])
        name, _, options = kind.split(" ", 2)
        if name == "cgroup2" if controller is None else name == "cgroup" and controller in options.split(","):
            yield Mount(group, root / folder.lstrip("/"))


def _levels(mount: Mount, group: str) -> List[Path]:
    """Return the folders from the mount down to the group; none where the mount shows another part of the hierarchy."""
    own, top = group.strip("/").split("/"), mount.group.strip("/").split("/")
    own, top = [part for part in own if part], [part for part in top if part]
    # ".." is outside of this namespace: groups that have no name here.
    if ".." in own + top or own[: len(top)] != top:
        return []
    below = own[len(top) :]
    levels = (mount.folder.joinpath(*below[:depth]) for depth in range(len(below) + 1))
    return [level for level in levels if level.is_dir()]


def _quota(folder: Path) -> Optional[Quota]:
    written = _read(folder / "cpu.max") or f"{_read(folder / V1_QUOTA)} {_read(folder / V1_PERIOD)}"
    match = re.fullmatch(r"([0-9]+) ([0-9]+)", written)  # "max 100000" and "-1 100000" are none
    if match is None or int(match.group(2)) == 0:
        return None
    return Quota(int(match.group(1)) / int(match.group(2)), folder / "cpu.stat")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _unescaped(text: str) -> str:
    """Return a field of mountinfo, which writes a blank as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
