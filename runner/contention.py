"""What a measurement did not get of its machine, which makes latencies longer than they are.

Other work takes CPUs, a hypervisor lends them to other guests, and a quota stops the process for the rest of a period.
"""

import time
from dataclasses import asdict, replace
from typing import Dict, NamedTuple, Optional, Tuple

import psutil

from runner.contract import CpuSupply
from runner.contract.cgroups import NO_QUOTA, Quota, Throttling, Unknown, quotas, throttling

#: The kinds of CPU time that count as busy, beside what was lent to other guests.
BUSY = ("user", "nice", "system", "irq", "softirq")
UNCOUNTED = "the kernel does not count what all CPUs do (/proc/stat)"


class _Seconds(NamedTuple):
    """Seconds: now, of all CPUs being busy, of this process on any CPU, of CPUs that the hypervisor gave to others.

    Those of all CPUs are None where the kernel does not count them.
    """

    now: float
    busy: Optional[float]
    own: float
    steal: Optional[float]


class Contention:
    """Watches, from its making on, the CPUs that are busy with anything but this process, and the quotas on it."""

    def __init__(self) -> None:
        self._throttled, self._reason = _throttled()
        self._start = _seconds()

    def read(self) -> Optional[float]:
        """Return how many CPUs, on average, others kept busy: other processes, the kernel, other guests of the host.

        None where the kernel does not count it, which the supply's reason says.
        """
        since = self._since()
        # The kernel counts both in ticks of 10 ms, so a quiet machine can come out below zero.
        return None if since.busy is None else max(since.busy - since.own, 0.0) / since.now

    def supply(self) -> CpuSupply:
        """Return what this process was let have of its CPUs."""
        since, (throttled, reason) = self._since(), _throttled()
        uncounted = UNCOUNTED if since.steal is None or since.busy is None else None
        steal_cpus = None if since.steal is None else max(since.steal, 0.0) / since.now
        blank = CpuSupply(None, None, None, None, steal_cpus, missing_reason=uncounted)
        if self._reason or reason:
            return _because(blank, self._reason or reason)
        if throttled.keys() != self._throttled.keys():
            return _because(blank, "the CPU quota was changed meanwhile")
        if not throttled:
            return _because(blank, NO_QUOTA)
        # Of several quotas, one above another, the one that stopped the process most often is the one that was felt.
        felt = max((_between(self._throttled[quota], throttled[quota]) for quota in throttled), key=_periods_lost)
        return replace(blank, quota_cpus=min(quota.cpus for quota in throttled), **asdict(felt))

    def _since(self) -> _Seconds:
        now, then = _seconds(), self._start
        busy, steal = _between_counts(now.busy, then.busy), _between_counts(now.steal, then.steal)
        return _Seconds(now.now - then.now, busy, now.own - then.own, steal)


def _between_counts(now: Optional[float], then: Optional[float]) -> Optional[float]:
    return None if now is None or then is None else now - then


def _because(supply: CpuSupply, reason: Optional[str]) -> CpuSupply:
    """Return the supply with the reason, which comes first of two."""
    return replace(supply, missing_reason="; ".join(text for text in (reason, supply.missing_reason) if text))


def _throttled() -> Tuple[Dict[Quota, Throttling], Optional[str]]:
    """Return what each quota on this process has done so far, and why that can't be known where it can't."""
    try:
        return {quota: throttling(quota) for quota in quotas()}, None
    except Unknown as error:
        return {}, str(error)
    except OSError as error:
        return {}, f"the CPU quota's {error.filename} can't be read: {error.strerror}"


def _between(before: Throttling, after: Throttling) -> Throttling:
    return Throttling(
        after.periods - before.periods,
        after.throttled_periods - before.throttled_periods,
        after.throttled_ms - before.throttled_ms,
    )


def _periods_lost(throttling: Throttling) -> int:
    return throttling.throttled_periods


def _seconds() -> _Seconds:
    own = psutil.Process().cpu_times()
    busy, steal = _of_all_cpus()
    return _Seconds(time.monotonic(), busy, own.user + own.system, steal)


def _of_all_cpus() -> Tuple[Optional[float], Optional[float]]:
    """Return the seconds that all CPUs were busy, and lent to others; None for what /proc/stat does not have."""
    try:
        counted = psutil.cpu_times()
    except OSError:  # a sandbox may hide it
        return None, None
    steal: Optional[float] = getattr(counted, "steal", None)
    if not all(hasattr(counted, kind) for kind in BUSY):
        return None, steal
    return sum(getattr(counted, kind) for kind in BUSY) + (steal or 0.0), steal
