"""The measured samples of a latency as arrays, by the pictures that they are of."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from runner.contract import Samples
from runner.contract.statistics import times_ms


class Visits:
    """Which samples count (n,), the names of the pictures, and of each sample its picture's place among them (n,).

    What is had of the measured samples has one value a picture; a picture that none of them is of has no meaning there.
    """

    def __init__(self, samples: Samples):
        self._samples = samples
        self.measured = _measured(samples.phase)
        places = {name: number for number, name in enumerate(dict.fromkeys(samples.image))}
        self.names = list(places)
        # As small numbers, which NumPy sorts by counting them.
        kind = np.min_scalar_type(len(places))
        self.place = np.fromiter(map(places.__getitem__, samples.image), dtype=kind, count=len(samples.image))
        self.places = self.place[self.measured]
        self.counts = np.bincount(self.places, minlength=len(places))
        self.seen = self.counts > 0
        self._first = np.cumsum(self.counts) - self.counts

    @cached_property
    def wall_ms(self) -> np.ndarray:
        """The wall time of every sample (n,)."""
        return np.asarray(self._samples.wall_ms, dtype=float)

    @cached_property
    def times_ms(self) -> np.ndarray:
        """The time of every sample that the statistics take (n,): the device's where there is one, else the wall's."""
        on_cpu = self._samples.device_ms.count(None) == len(self._samples.device_ms)
        return self.wall_ms if on_cpu else np.asarray(times_ms(self._samples), dtype=float)

    @cached_property
    def cpu_ms(self) -> np.ndarray:
        """The CPU time of the process in every sample (n,); of none (0,) where it was not recorded."""
        return np.asarray(self._samples.process_cpu_ms or [], dtype=float)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of the measured values of each picture that was seen (pictures,)."""
        sums = np.bincount(self.places, values[self.measured], minlength=len(self.counts))
        return (sums / np.maximum(self.counts, 1))[self.seen]

    def percentiles(self, values: np.ndarray, percent: float) -> np.ndarray:
        """Return a percentile of the measured values of each picture that was seen, linear between two (pictures,)."""
        kept = values[self.measured]
        upwards = kept.argsort()
        ordered = kept[upwards[self.places[upwards].argsort(kind="stable")]]
        first, counts = self._first[self.seen], self.counts[self.seen]
        at = percent / 100 * (counts - 1)
        low = at.astype(int)
        lower, upper = ordered[first + low], ordered[first + np.minimum(low + 1, counts - 1)]
        found: np.ndarray = lower + (upper - lower) * (at - low)
        return found


def _measured(phases: Sequence[str]) -> np.ndarray:
    """Return which samples are measured: as a rule, all behind those that warm up."""
    warming = phases.count("warmup")
    if list(phases[:warming]).count("warmup") == warming:
        return np.arange(len(phases)) >= warming
    return np.fromiter(map("measured".__eq__, phases), dtype=bool, count=len(phases))
