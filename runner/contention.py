"""What a measurement did not get of its machine, which makes latencies longer than they are.

Other work takes CPUs, a hypervisor lends them to other guests, and a quota stops the process for the rest of a period.
"""

import time
from dataclasses import asdict, replace
from typing import Dict, NamedTuple, Optional, Tuple

import psutil

from runner.contract import CpuSupply
from runner.contract.cgroups import NO_QUOTA, Quota, Throttling, Unknown, quotas, throttling


class _Seconds(NamedTuple):
    """Seconds: now, of all CPUs being busy, of this process on any CPU, of CPUs that the hypervisor gave to others."""

    now: float
    busy: float
    own: float
    steal: float


class Contention:
    """Watches, from its making on, the CPUs that are busy with anything but this process, and the quotas on it."""

    def __init__(self) -> None:
        self._throttled, self._reason = _throttled()
        self._start = _seconds()

    def read(self) -> float:
        """Return how many CPUs, on average, others kept busy: other processes, the kernel, other guests of the host."""
        since = self._since()
        # The kernel counts both in ticks of 10 ms, so a quiet machine can come out below zero.
        return max(since.busy - since.own, 0.0) / since.now

    def supply(self) -> CpuSupply:
        """Return what this process was let have of its CPUs."""
        since, (throttled, reason) = self._since(), _throttled()
        blank = CpuSupply(None, None, None, None, steal_cpus=max(since.steal, 0.0) / since.now)
        if self._reason or reason:
            return replace(blank, missing_reason=self._reason or reason)
        if throttled.keys() != self._throttled.keys():
            return replace(blank, missing_reason="the CPU quota was changed meanwhile")
        if not throttled:
            return replace(blank, missing_reason=NO_QUOTA)
        # Of several quotas, one above another, the one that stopped the process most often is the one that was felt.
        felt = max((_between(self._throttled[quota], throttled[quota]) for quota in throttled), key=_periods_lost)
        return replace(blank, quota_cpus=min(quota.cpus for quota in throttled), **asdict(felt))

    def _since(self) -> _Seconds:
        return _Seconds(*(now - then for now, then in zip(_seconds(), self._start)))


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
    cpus, own = psutil.cpu_times(), psutil.Process().cpu_times()
    busy = cpus.user + cpus.nice + cpus.system + cpus.irq + cpus.softirq + cpus.steal
    return _Seconds(time.monotonic(), busy, own.user + own.system, cpus.steal)
