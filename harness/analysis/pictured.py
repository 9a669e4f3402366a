"""The samples of latencies by picture: what each took, what it holds, and what the model made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.contract import Content, Latency
from runner.contract.statistics import measured_ms

MEGA = 1e6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pictures:
    """The pictures of one model's latencies; files of the same pixels are one.

    A value for each, P: `ms` the median in ms, `variables` what it holds, by name. A value for each sample, S: its time
    in `samples`, without how far its process's level lies from that of all, and its picture's number in `of`. `varied`
    names the pictures whose detections differ from sample to sample.
    """

    names: list[str]
    ms: Floats
    variables: dict[str, Floats]
    samples: Floats
    of: NDArray[np.intp]
    varied: list[str]


def pictures_of(latencies: Sequence[Latency]) -> Pictures:
    """Return the pictures that were measured in latencies, at least one.

    The level of a process is the mean of its pictures' medians: processes differ by that, whatever they are shown.
    """
    names, numbers = _numbered(latencies)
    of = [np.array([numbers[i][name] for name in _measured(latency, "image")]) for i, latency in enumerate(latencies)]
    times = [np.asarray(measured_ms(latency), dtype=float) for latency in latencies]
    levels = [float(np.mean(_Groups(own, ms).medians)) for ms, own in zip(times, of, strict=True)]
    samples = np.concatenate([ms - level + np.mean(levels) for ms, level in zip(times, levels, strict=True)])
    every = np.concatenate(of)
    detections, height, width = (
        np.concatenate([_measured(latency, name) for latency in latencies])
        for name in ("detections", "height", "width")
    )
    first = np.unique(every, return_index=True)[1]
    found = _Groups(every, detections)
    variables = {"detections": found.medians, "megapixels": height[first] * width[first] / MEGA}
    computed = _computed(latencies, numbers, len(names))
    if computed is not None:
        variables["computed_megapixels"] = computed
    return Pictures(
        names=names,
        ms=_Groups(every, samples).medians,
        variables=variables,
        samples=samples,
        of=every,
        varied=[name for name, varies in zip(names, found.vary, strict=True) if varies],
    )


def _measured(latency: Latency, column: str) -> list[Any]:
    """Return a column of the measured samples."""
    values = getattr(latency.samples, column)
    return [value for value, phase in zip(values, latency.samples.phase, strict=True) if phase == "measured"]


def _numbered(latencies: Sequence[Latency]) -> tuple[list[str], list[dict[str, int]]]:
    """Return the name of each picture that was measured, the first that it has, and for each latency what is which."""
    names: list[str] = []
    known: dict[str, int] = {}
    numbers = []
    for latency in latencies:
        pixels = {each.name: each.pixels_sha256 for each in latency.inputs}
        own = {}
        for name in dict.fromkeys(map(str, _measured(latency, "image"))):
            own[name] = known.setdefault(pixels.get(name) or name, len(names))
            if own[name] == len(names):
                names.append(name)
        numbers.append(own)
    return names, numbers


class _Groups:
    """Values (S,), those of a picture one behind the other and upwards; of (S,) says which picture each is of."""

    def __init__(self, of: NDArray[np.intp], values: Floats):
        self._ordered = values[np.lexsort((values, of))]
        counts = np.bincount(of)
        ends = np.cumsum(counts)[counts > 0]
        self._counts, self._begins = counts[counts > 0], ends - counts[counts > 0]

    @property
    def medians(self) -> Floats:
        """The median of each picture that has a value, as the pictures are numbered."""
        low, high = self._begins + (self._counts - 1) // 2, self._begins + self._counts // 2
        middle: Floats = (self._ordered[low] + self._ordered[high]) / 2
        return middle

    @property
    def vary(self) -> NDArray[np.bool_]:
        """Whether a picture's values differ."""
        differ: NDArray[np.bool_] = self._ordered[self._begins] != self._ordered[self._begins + self._counts - 1]
        return differ


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
