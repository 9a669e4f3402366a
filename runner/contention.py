"""How much else the machine had to do during a measurement, which makes latencies longer than they are."""

import time
from typing import Tuple

import psutil


class Contention:
    """Watches, from its making on, the CPUs that are busy with anything but this process."""

    def __init__(self) -> None:
        self._start = _reading()

    def read(self) -> float:
        """Return how many CPUs, on average, others kept busy: other processes, the kernel, other guests of the host."""
        elapsed, busy, own = (now - then for now, then in zip(_reading(), self._start))
        # The kernel counts both in ticks of 10 ms, so a quiet machine can come out below zero.
        return max(busy - own, 0.0) / elapsed


def _reading() -> Tuple[float, float, float]:
    """Return seconds: now, of all CPUs being busy, and of this process on any CPU."""
    cpus, own = psutil.cpu_times(), psutil.Process().cpu_times()
    busy = cpus.user + cpus.nice + cpus.system + cpus.irq + cpus.softirq + cpus.steal
    return time.monotonic(), busy, own.user + own.system
