"""The measured samples of a latency as arrays, by the pictures that they are of."""

from collections.abc import Sequence

import numpy as np

from runner.contract import Samples


class Visits:
    """Which samples count (n,), the names of the pictures, and of each sample its picture's place among them (n,).

    What is had of the measured samples has one value a picture; a picture that none of them is of has no meaning there.
    """

    def __init__(self, samples: Samples):
        self.measured = _measured(samples.phase)
        places = {name: number for number, name in enumerate(dict.fromkeys(samples.image))}
        self.names = list(places)
        self.place = np.fromiter(map(places.__getitem__, samples.image), dtype=int, count=len(samples.image))
        self.places = self.place[self.measured]
        self.counts = np.bincount(self.places, minlength=len(places))
        self.seen = self.counts > 0
        self._first = np.cumsum(self.counts) - self.counts

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of the measured values of each picture that was seen (pictures,)."""
        sums = np.bincount(self.places, values[self.measured], minlength=len(self.counts))
        return (sums / np.maximum(self.counts, 1))[self.seen]

    def percentiles(self, values: np.ndarray, percent: float) -> np.ndarray:
        """Return a percentile of the measured values of each picture that was seen, linear between two (pictures,)."""
        kept = values[self.measured]
        ordered, first, counts = kept[np.lexsort((kept, self.places))], self._first[self.seen], self.counts[self.seen]
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
