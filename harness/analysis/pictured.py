"""The samples of latencies by picture: what each took, what it holds, and what the model made of it."""

from collections.abc import Sequence
from itertools import compress
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.analysis.huber import Floats, mean
from runner.contract import Content, Latency, Samples
from runner.contract.statistics import measured_ms

MEGA = 1e6
#: All of a latency that its pictures are told by.
LOOKS = attrgetter(
    *(f"samples.{name}" for name in ("phase", "image", "detections", "height", "width")), "inputs", "contents"
)


class PicturesShown:
    """The pictures that latencies of one model, at least one, were measured on; files of the same pixels are one.

    `names` has each, P of them, and `variables` what each holds (P,), by name. `of` has of each sample its picture's
    number (S,). `varied` names the pictures whose detections differ from sample to sample.
    """

    def __init__(self, latencies: Sequence[Latency]):
        self._looks = list(map(LOOKS, latencies))
        columns = [_measured(latency.samples) for latency in latencies]
        self.names, numbers = _numbered(latencies, columns)
        self._processes = [
            _Groups(np.array([own[name] for name in column.image]))
            for own, column in zip(numbers, columns, strict=True)
        ]
        self._whole = whole = _joined(self._processes)
        self.of = whole.of
        detections, height, width = (
            np.concatenate([getattr(column, name) for column in columns]) for name in ("detections", "height", "width")
        )
        first = whole.first
        self.variables = {
            "detections": whole.medians(detections),
            "megapixels": height[first] * width[first] / MEGA,
        }
        computed = _computed(latencies, numbers, len(self.names))
        if computed is not None:
            self.variables["computed_megapixels"] = computed
        vary = whole.vary(detections).tolist()
        self.varied = [name for name, varies in zip(self.names, vary, strict=True) if varies]

    def is_of(self, latencies: Sequence[Latency]) -> bool:
        """Tell whether other latencies were shown the same, sample by sample, and detected as much."""
        return self._looks == list(map(LOOKS, latencies))

    def timed(self, latencies: Sequence[Latency]) -> "Pictured":
        """Return what these took of the time of latencies that were shown them.

        The level of a process is the mean of its pictures' medians: processes differ by that, whatever they are shown.
        """
        times = [np.asarray(measured_ms(latency), dtype=float) for latency in latencies]
        levels = [mean(process.medians(ms)) for process, ms in zip(self._processes, times, strict=True)]
        common = mean(np.array(levels))
        samples = np.concatenate([ms - level + common for ms, level in zip(times, levels, strict=True)])
        return Pictured(self._whole.medians(samples), samples)


class Pictured(NamedTuple):
    """The median of each picture in ms (P,), and the samples (S,), without how far the level of each one's process
    lies from that of all."""

    ms: Floats
    samples: Floats


class _MeasuredColumns(NamedTuple):
    """Columns of the measured samples (S,)."""

    image: list[str]
    detections: list[int]
    height: list[int]
    width: list[int]


def _measured(samples: Samples) -> _MeasuredColumns:
    kept = [phase == "measured" for phase in samples.phase]
    return _MeasuredColumns(*(list(compress(getattr(samples, name), kept)) for name in _MeasuredColumns._fields))


def _numbered(
    latencies: Sequence[Latency], columns: Sequence[_MeasuredColumns]
) -> tuple[list[str], list[dict[str, int]]]:
    """Return the name of each picture that was measured, the first that it has, and for each latency what is which."""
    names: list[str] = []
    known: dict[str, int] = {}
    numbers = []
    for latency, column in zip(latencies, columns, strict=True):
        pixels = {each.name: each.pixels_sha256 for each in latency.inputs}
        own = {}
        for name in dict.fromkeys(column.image):
            own[name] = known.setdefault(pixels.get(name) or name, len(names))
            if own[name] == len(names):
                names.append(name)
        numbers.append(own)
    return names, numbers


class _Groups:
    """Which picture each sample is of (S,), so that values (S,) can be looked at picture by picture, as numbered."""

    def __init__(self, of: NDArray[np.intp]):
        self.of = of
        counts = np.bincount(of)
        counts = counts[counts > 0]
        self._ends = np.cumsum(counts)
        self._begins = self._ends - counts
        self._middle = self._begins + (counts - 1) // 2, self._begins + counts // 2

    @property
    def first(self) -> NDArray[np.intp]:
        """The first sample of each picture."""
        return np.asarray(self.of.argsort(kind="stable")[self._begins])

    def medians(self, values: NDArray[Any]) -> Floats:
        """Return the median of each picture that has a value."""
        low, high = self._middle
        ordered = self._upwards(values)
        middle: Floats = (ordered[low] + ordered[high]) / 2
        return middle

    def vary(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Return whether a picture's values differ."""
        ordered = self._upwards(values)
        differ: NDArray[np.bool_] = ordered[self._begins] != ordered[self._ends - 1]
        return differ

    def _upwards(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values, those of a picture one behind the other and upwards."""
        return values[np.lexsort((values, self.of))]


def _joined(processes: Sequence[_Groups]) -> _Groups:
    return processes[0] if len(processes) == 1 else _Groups(np.concatenate([each.of for each in processes]))


def _computed(latencies: Sequence[Latency], numbers: Sequence[dict[str, int]], pictures: int) -> Floats | None:
    """Return the megapixels that the model computed on of each picture, None where that is not known of all."""
    computed = np.full(pictures, np.nan)
    for latency, own in zip(latencies, numbers, strict=True):
        for content in latency.contents or []:
            pixels = computed_pixels(content)
            if content.name in own and pixels is not None:
                computed[own[content.name]] = pixels / MEGA
    return None if np.isnan(computed).any() else computed


def computed_pixels(content: Content) -> int | None:
    """Return how many pixels the model computed on, padding included; None where nobody saw."""
    sizes = (content.resized_height, content.resized_width, content.padded_pixels)
    height, width, padded = sizes
    return None if height is None or width is None or padded is None else height * width + padded
