"""What may make times on this host differ, as far as /proc, /sys and the measured cells tell; nothing is changed."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from harness.analysis.cautions import OTHER_LOAD_CPUS
from harness.documents.noise import Disturbance
from runner.contract import CpuSupply, Result
from runner.contract.cgroups import NO_QUOTA

ROOT = Path("/")
CPUS = "sys/devices/system/cpu"
#: CPUs given to other guests, and by how much clocks differ, from which on they are a matter.
STOLEN_CPUS, CLOCKS_APART = 0.02, 1.05
NO_SCALING = "the kernel scales no frequency here, as in most virtual machines"


def settings(root: Path = ROOT) -> list[Disturbance]:
    """Return what the host is set to. `root` is the folder that /proc and /sys lie below."""
    return [_governor(root), _turbo(root), _clocks(root), _siblings(root), _huge_pages(root)]


def felt(results: Sequence[Result], throttled_before: int | None, throttled_after: int | None) -> list[Disturbance]:
    """Return what the cells met with; the counts are those of `throttled_count` before the first and after the last."""
    return [_load(results), _quota(results), _steal(results), _throttling(throttled_before, throttled_after)]


def throttled_count(root: Path = ROOT) -> int | None:
    """Return how often the cores were slowed down for their heat since the machine started, None if nobody counts."""
    texts = _texts(root, f"{CPUS}/cpu[0-9]*/thermal_throttle/core_throttle_count")
    return sum(map(int, texts)) if texts and all(text.isdecimal() for text in texts) else None


def turbo(root: Path = ROOT) -> bool | None:
    """Tell whether the CPU may clock above its base frequency, None where the kernel does not say."""
    boost, no_turbo = (_text(root / CPUS / name) for name in ("cpufreq/boost", "intel_pstate/no_turbo"))
    if boost is not None:
        return boost == "1"
    return no_turbo == "0" if no_turbo is not None else None


def governor(root: Path = ROOT) -> str | None:
    """Return what sets the first CPU's clock, None where the kernel does not say."""
    return _text(root / CPUS / "cpu0/cpufreq/scaling_governor")


def _governor(root: Path) -> Disturbance:
    seen = sorted(set(_texts(root, f"{CPUS}/cpu[0-9]*/cpufreq/scaling_governor")))
    if not seen:
        return _untold("governor", NO_SCALING)
    return _judged("governor", ", ".join(seen), seen != ["performance"], "cpupower frequency-set -g performance")


def _turbo(root: Path) -> Disturbance:
    on = turbo(root)
    if on is None:
        return _untold("turbo", "the kernel does not say whether there is one")
    intel = _text(root / CPUS / "cpufreq/boost") is None
    switch = "1 into intel_pstate/no_turbo" if intel else "0 into cpufreq/boost"
    return _judged("turbo", "on" if on else "off", on, f"write {switch} below /{CPUS}")


def _clocks(root: Path) -> Disturbance:
    khz = [int(text) for text in _texts(root, f"{CPUS}/cpu[0-9]*/cpufreq/scaling_cur_freq") if text.isdecimal()]
    mhz = [each / 1000 for each in khz if each]
    if not mhz:
        return _untold("clocks", NO_SCALING)
    seen = f"{min(mhz):.0f} to {max(mhz):.0f} MHz"
    return _judged("clocks", seen, max(mhz) > CLOCKS_APART * min(mhz), "the governor performance, and no turbo")


def _siblings(root: Path) -> Disturbance:
    active = _text(root / CPUS / "smt/active")
    if active is None:
        return _untold("SMT siblings", "the kernel does not say whether threads share a core")
    seen = "two threads share a core" if active == "1" else "none"
    return _judged("SMT siblings", seen, active == "1", "--cpus with one thread of each core")


def _huge_pages(root: Path) -> Disturbance:
    name, text = "transparent huge pages", _text(root / "sys/kernel/mm/transparent_hugepage/enabled")
    chosen = re.search(r"\[(\w+)\]", text or "")
    if chosen is None:
        return _untold(name, "the kernel has none, or hides them")
    helps = "write madvise into /sys/kernel/mm/transparent_hugepage/enabled"
    return _judged(name, chosen.group(1), chosen.group(1) == "always", helps)


def _load(results: Sequence[Result]) -> Disturbance:
    loads = [each.latency.other_load_cpus for each in results if each.latency]
    known = [load for load in loads if load is not None]
    if not known:
        return _untold("other load", "the runner did not look")
    seen = f"{fmean(known):.2f} CPUs busy, at most {max(known):.2f}"
    return _judged("other load", seen, max(known) > OTHER_LOAD_CPUS, "end what else runs")


def _quota(results: Sequence[Result]) -> Disturbance:
    supplies = [each.cpu_supply for each in results if each.cpu_supply]
    reasons = [each.missing_reason for each in supplies if each.missing_reason]
    if reasons and reasons[0] == NO_QUOTA:
        return Disturbance("CPU quota", "none", disturbs=False)
    if reasons or not supplies:
        return _untold("CPU quota", next(iter(reasons), "the runner did not look"))
    stopped, periods = _sum(supplies, "throttled_periods"), _sum(supplies, "periods")
    seen = f"{supplies[0].quota_cpus:g} CPUs, stopped in {stopped} of {periods} periods"
    return _judged("CPU quota", seen, stopped > 0, "no quota, and --cpus instead")


def _sum(supplies: Sequence[CpuSupply], field: str) -> int:
    return sum(getattr(each, field) or 0 for each in supplies)


def _steal(results: Sequence[Result]) -> Disturbance:
    known = [each.cpu_supply.steal_cpus for each in results if each.cpu_supply]
    stolen = [cpus for cpus in known if cpus is not None]
    if not stolen:
        return _untold("steal", "the runner did not look")
    seen = f"{fmean(stolen):.2f} CPUs given to other guests"
    return _judged("steal", seen, max(stolen) > STOLEN_CPUS, "a machine of its own, or an instance that shares none")


def _throttling(before: int | None, after: int | None) -> Disturbance:
    if before is None or after is None:
        return _untold("thermal throttling", "the kernel does not count it here")
    times = after - before
    return _judged("thermal throttling", f"{times} times" if times else "none", times > 0, "cooling, or pauses")


def _judged(name: str, seen: str, disturbs: bool, helps: str) -> Disturbance:
    return Disturbance(name, seen, disturbs, helps if disturbs else None)


def _untold(name: str, reason: str) -> Disturbance:
    return Disturbance(name, None, None, None, reason)


def _texts(root: Path, pattern: str) -> list[str]:
    return list(filter(None, _read_all(root, pattern)))


def _read_all(root: Path, pattern: str) -> Iterator[str | None]:
    for path in root.glob(pattern):
        yield _text(path)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
