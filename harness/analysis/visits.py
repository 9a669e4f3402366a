"""The samples of a latency as arrays, by the pictures that they are of."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from runner.contract import Samples
from runner.contract.statistics import times_ms

#: A table of pictures by visits is sorted fast, and may be so many times as large as the samples in it.
LARGEST_TABLE = 4
Between = tuple[np.ndarray, np.ndarray, np.ndarray]


class Layout:
    """Which samples count (n,), the names of the pictures, and of each sample its picture's place among them (n,).

    Columns of samples are looked at together, a row each: what is asked of (rows, n) is answered for every picture.
    """

    def __init__(self, samples: Samples):
        self._columns = (samples.phase, samples.image)
        self._kept = _measured(samples.phase)
        self.measured = np.zeros(len(samples.phase), dtype=bool)
        self.measured[self._kept] = True
        places = {name: number for number, name in enumerate(dict.fromkeys(samples.image))}
        self.names = list(places)
        self.place = np.fromiter(map(places.__getitem__, samples.image), dtype=int, count=len(samples.image))
        self.places = self.place[self._kept]
        self.counts = np.bincount(self.places, minlength=len(places))
        self.seen = self.counts > 0
        self._most = int(self.counts.max(initial=0))
        self._is_table = 0 < self._most * len(places) <= LARGEST_TABLE * len(self.places)
        self._between: dict[float, Between] = {}

    def is_of(self, samples: Samples) -> bool:
        """Tell whether the samples are laid out so, as those of another process that was shown the same."""
        return self._columns == (samples.phase, samples.image)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return the means of the measured ones of values (rows, n), by picture that was seen (rows, pictures)."""
        sums = [np.bincount(self.places, row[self._kept], minlength=len(self.counts)) for row in values]
        return np.asarray(sums)[:, self.seen] / self.counts[self.seen]

    def percentiles(self, values: np.ndarray, percent: float) -> np.ndarray:
        """Return a percentile of the same, linear between two (rows, pictures)."""
        if percent not in self._between:
            self._between[percent] = self._found_between(percent)
        ordered, (low, high, share) = self._upwards(values), self._between[percent]
        lower = ordered.take(low, axis=1)
        found: np.ndarray = lower + (ordered.take(high, axis=1) - lower) * share
        return found

    def _upwards(self, values: np.ndarray) -> np.ndarray:
        """Return measured values (rows, …), those of a picture one behind the other and upwards, gaps behind if any."""
        if not self._is_table:
            kept = values[:, self._kept]
            return np.take_along_axis(kept, np.lexsort((kept, np.broadcast_to(self.places, kept.shape))), axis=1)
        samples, gaps = self._table
        table = values.take(samples, axis=1)
        table[:, gaps] = np.inf
        table.reshape(len(values), -1, self._most).sort(axis=2)
        return table

    @cached_property
    def seen_names(self) -> list[str]:
        """The names of the pictures that were seen."""
        return [name for name, seen in zip(self.names, self.seen.tolist(), strict=True) if seen]

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        """Which sample stands where in a table with a row a picture and a column a visit, and where none does."""
        by_picture, begins = self.places.argsort(kind="stable"), np.cumsum(self.counts) - self.counts
        visit = np.arange(len(self.places)) - np.repeat(begins, self.counts)
        samples = np.full(self._most * len(self.names), -1)
        samples[self.places[by_picture] * self._most + visit] = np.flatnonzero(self.measured)[by_picture]
        return samples, np.flatnonzero(samples < 0)

    def _found_between(self, percent: float) -> Between:
        """Return, of each picture that was seen, between which of its values upwards a percentile lies, and where."""
        begins = np.arange(len(self.names)) * self._most if self._is_table else np.cumsum(self.counts) - self.counts
        last = self.counts[self.seen] - 1
        at = percent / 100 * last
        low = at.astype(int)
        return begins[self.seen] + low, begins[self.seen] + np.minimum(low + 1, last), at - low


class Visits:
    """Samples with their layout, `like` another's where it is the same, each column an array when it is asked for."""

    def __init__(self, samples: Samples, like: Layout | None = None):
        self._samples = samples
        self.layout = like if like and like.is_of(samples) else Layout(samples)

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

    @cached_property
    def instructions(self) -> np.ndarray:
        """The instructions of the process in every sample (n,); of none (0,) where they were not counted."""
        return np.asarray(self._samples.instructions or [], dtype=float)


def _measured(phases: Sequence[str]) -> slice | np.ndarray:
    """Return which samples are measured: as a rule, all behind those that warm up."""
    warming = phases.count("warmup")
    if list(phases[:warming]).count("warmup") == warming:
        return slice(warming, None)
    return np.fromiter(map("measured".__eq__, phases), dtype=bool, count=len(phases))
