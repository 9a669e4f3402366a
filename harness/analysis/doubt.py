"""Samples that took longer than the work in them: the process did not get the CPU time that a call usually gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runner.contract import Latency, Result, Samples

#: A sample is in doubt below this share of the CPU time, over its wall time, that a call on its picture usually gets.
#: One that got less was stopped for at least a quarter of the time it would have taken; what a timer or a short
#: interruption costs on an idle machine is far less.
USUAL = 0.8
#: What a call usually gets is what one in ten gets at least: where much is disturbed, the median is disturbed, too.
BEST = 90


@dataclass(frozen=True)
class Doubt:
    """Which of all samples are in doubt, warm-up included, which never are, and what the doubtful ones lost.

    `got` is the share of the usual CPU time that they got on average, None where there are none, and `made_to_wait` how
    often the process was stopped for another in them.
    """

    flags: tuple[bool, ...]
    measured: int
    got: float | None
    made_to_wait: int

    @property
    def count(self) -> int:
        """How many samples are in doubt."""
        return sum(self.flags)


def doubt_of(result: Result) -> Doubt | None:
    """Return which samples are in doubt; None where nothing tells: on a GPU, or where CPU time was not recorded.

    On a CPU, at least one thread of a call is at work at any time, and more of them only where the picture's other
    visits show it: the usual CPU time is that of the picture's best visits, and at least the wall time. Work on a GPU
    is waited for, so CPU time says nothing of it.
    """
    latency = result.latency
    if latency is None or result.job.device != "cpu" or latency.samples.process_cpu_ms is None:
        return None
    samples = latency.samples
    measured = np.fromiter(map("measured".__eq__, samples.phase), dtype=bool, count=len(samples.phase))
    walls = np.maximum(np.asarray(samples.wall_ms, dtype=float), 1e-9)
    got = np.asarray(latency.samples.process_cpu_ms, dtype=float) / walls / _usual(samples, walls, measured)
    flags = measured & (got < USUAL)
    switches = np.asarray(samples.involuntary_switches or [0] * len(flags))
    share = float((got * walls)[flags].sum() / walls[flags].sum()) if flags.any() else None
    return Doubt(tuple(flags.tolist()), int(measured.sum()), share, int(switches[flags].sum()))


def _usual(samples: Samples, walls: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return how many CPUs a call on each sample's picture usually keeps busy (n,), at least one."""
    busy = np.asarray(samples.process_cpu_ms, dtype=float) / walls
    names, place = numbered(samples.image)
    kept, where = busy[measured], place[measured]
    ordered, counts = kept[np.lexsort((kept, where))], np.bincount(where, minlength=len(names))
    seen, first = counts > 0, np.cumsum(counts) - counts
    at = BEST / 100 * (counts[seen] - 1)
    low = at.astype(int)
    lower, upper = (ordered[first[seen] + n] for n in (low, np.minimum(low + 1, counts[seen] - 1)))
    usual = np.ones(len(names))
    usual[seen] = np.maximum(1.0, lower + (upper - lower) * (at - low))
    of_samples: np.ndarray = usual[place]
    return of_samples


def numbered(images: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the names of pictures, each once, and of each sample its picture's place among them (n,)."""
    places = {name: number for number, name in enumerate(dict.fromkeys(images))}
    return list(places), np.fromiter(map(places.__getitem__, images), dtype=int, count=len(images))


def without_doubt(latency: Latency, doubt: Doubt) -> Latency | None:
    """Return the measurement without the samples in doubt, None where none is left."""
    if doubt.count == doubt.measured:
        return None
    kept = [i for i, flag in enumerate(doubt.flags) if not flag]
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
