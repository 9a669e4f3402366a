"""Samples that took longer than the work in them: the process did not get the CPU time that a call usually gets."""

from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.visits import Layout, Visits
from runner.contract import Latency, Result, Samples

#: A sample is in doubt below this share of the CPU time, over its wall time, that a call on its picture usually gets.
#: One that got less was stopped for at least a quarter of the time it would have taken; what a timer or a short
#: interruption costs on an idle machine is far less.
USUAL = 0.8
#: What a call usually gets is what one in ten gets at least: where much is disturbed, the median is disturbed, too.
BEST = 90


@dataclass(frozen=True)
class Doubt:
    """Which samples are in doubt, by their numbers among all, warm-up included, which never is; and what they lost.

    `got` is the share of the usual CPU time that they got on average, None where there are none, and `made_to_wait` how
    often the process was stopped for another in them.
    """

    samples: tuple[int, ...]
    measured: int
    got: float | None
    made_to_wait: int

    @property
    def count(self) -> int:
        """How many samples are in doubt."""
        return len(self.samples)


def doubt_of(result: Result, visits: Visits | None = None) -> Doubt | None:
    """Return which samples are in doubt; None where nothing tells: on a GPU, or where CPU time was not recorded.

    `visits` are those of its samples, where they are had already.

    On a CPU, at least one thread of a call is at work at any time, and more of them only where the picture's other
    visits show it: the usual CPU time is that of the picture's best visits, and at least the wall time. Work on a GPU
    is waited for, so CPU time says nothing of it.
    """
    latency = result.latency
    if latency is None or result.job.device != "cpu" or latency.samples.process_cpu_ms is None:
        return None
    visits = visits or Visits(latency.samples)
    layout, walls = visits.layout, np.maximum(visits.wall_ms, 1e-9)
    busy = visits.cpu_ms / walls
    usual = _usual(busy, layout)
    doubtful = np.flatnonzero((busy < USUAL * usual[layout.place]) & layout.measured)
    if not len(doubtful):
        return Doubt((), len(layout.places), None, 0)
    samples, switches = tuple(doubtful.tolist()), latency.samples.involuntary_switches
    got, waited = visits.cpu_ms[doubtful] / usual[layout.place[doubtful]], walls[doubtful]
    made_to_wait = sum(switches[n] for n in samples) if switches else 0
    return Doubt(samples, len(layout.places), float(got.sum() / waited.sum()), made_to_wait)


def _usual(busy: np.ndarray, layout: Layout) -> np.ndarray:
    """Return how many CPUs a call on each picture usually keeps busy (pictures,), at least one."""
    usual = np.ones(len(layout.names))
    usual[layout.seen] = np.maximum(1.0, layout.percentiles(busy[None], BEST)[0])
    return usual


def without_doubt(latency: Latency, doubt: Doubt) -> Latency | None:
    """Return the measurement without the samples in doubt, None where none is left."""
    if doubt.count == doubt.measured:
        return None
    left_out = set(doubt.samples)
    kept = [i for i in range(len(latency.samples.phase)) if i not in left_out]
    columns = {name: column and [column[i] for i in kept] for name, column in vars(latency.samples).items()}
    return replace(latency, samples=Samples(**columns))


def lost_to(result: Result, doubt: Doubt) -> list[str]:
    """Say what is known to have taken CPU time from the process while it was measured."""
    load, supply = (result.latency.other_load_cpus if result.latency else None) or 0.0, result.cpu_supply
    said = [f"other work kept {load:.1f} CPUs busy"] if load >= 0.05 else []
    if doubt.made_to_wait:
        said.append(f"its threads were made to wait {doubt.made_to_wait} times")
    if supply and supply.throttled_ms:
        said.append(f"a CPU quota stopped it for {supply.throttled_ms:.0f} ms")
    if supply and supply.steal_cpus and supply.steal_cpus >= 0.05:
        said.append(f"other guests of the host took {supply.steal_cpus:.1f} CPUs")
    return said or ["what took it is not known"]
