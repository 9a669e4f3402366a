"""The mix of pictures, taken out of a series of times: what is left is what the machine and the moment did."""

import math
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy

#: The median of k values has pi / 2 / k of their variance, where they are normal.
_MEDIAN_VARIANCE = math.pi / 2
#: How far around the median, in its standard errors, a picture's median counts as near it; found by simulation: with a
#: whole one, pictures that lie near by chance make the figure look surer than it is.
_NEAR = 0.5


@dataclass(frozen=True)
class Mix:
    """A series of times (n,) as ratios to its pictures' medians, and the figure that they scale.

    `figure` is the median over pictures of the medians within, in the unit of the times. `weights` (n,) say how much
    each sample has to do with it: 1 on average, more for the pictures in the middle, since the far ones move no median.
    `content` is true where a picture was seen only once: the ratios are to the median of all then, and an interval that
    comes of them speaks of other pictures of the kind, too.
    """

    figure: float
    ratios: numpy.ndarray
    weights: numpy.ndarray
    content: bool


def levelled(times: numpy.ndarray, pictures: Sequence[str]) -> numpy.ndarray:
    """Return the times (n,) over their pictures' medians, at one scale; as they are where a picture was seen once."""
    places, counts = _places(pictures)
    if counts.min() < 2:
        return times
    medians = numpy.array([numpy.median(group) for group in _groups(times, places, counts)])
    return numpy.asarray(times / medians[places] * numpy.median(medians))


def unmixed(times: numpy.ndarray, pictures: Sequence[str]) -> Mix:
    """Return the series without its mix of pictures.

    A ratio is to the median of its picture's other samples: one to a median of which it is itself a part is too near
    to 1, of three visits exactly 1 in a third of all. What the uncertainty of that median adds is taken off again.
    """
    places, counts = _places(pictures)
    if counts.min() < 2:
        figure = float(numpy.median(times))
        return Mix(figure, times / figure, numpy.ones(len(times)), content=True)
    groups = _groups(times, places, counts)
    others = numpy.empty(len(times))
    others[numpy.argsort(places, kind="stable")] = numpy.concatenate([_medians_of_others(group) for group in groups])
    ratios = 1 + (times / others - 1) / numpy.sqrt(1 + _MEDIAN_VARIANCE / (counts[places] - 1))
    medians = numpy.array([numpy.median(group) for group in groups])
    weights = _weights(medians, counts, ratios)[places]
    return Mix(float(numpy.median(medians)), ratios, weights / weights.mean(), content=False)


def _places(pictures: Sequence[str]) -> Tuple[numpy.ndarray, numpy.ndarray]:
    """Return which picture each sample is of, as numbers from 0, and how often each was seen."""
    numbers = {picture: number for number, picture in enumerate(dict.fromkeys(pictures))}
    places = numpy.fromiter((numbers[picture] for picture in pictures), dtype=int, count=len(pictures))
    return places, numpy.bincount(places)


def _groups(times: numpy.ndarray, places: numpy.ndarray, counts: numpy.ndarray) -> List[numpy.ndarray]:
    return numpy.split(times[numpy.argsort(places, kind="stable")], numpy.cumsum(counts)[:-1])


def _medians_of_others(group: numpy.ndarray) -> numpy.ndarray:
    """Return the median of all the others, for each of at least two values."""
    n, order = len(group), numpy.argsort(group, kind="stable")
    ordered = group[order]
    ranks = numpy.arange(n)
    low, high = (n - 2) // 2, (n - 1) // 2  # the middle places of the n - 1 others
    medians = numpy.empty(n)
    medians[order] = (ordered[low + (ranks <= low)] + ordered[high + (ranks <= high)]) / 2
    return medians


def _weights(medians: numpy.ndarray, counts: numpy.ndarray, ratios: numpy.ndarray) -> numpy.ndarray:
    """Return how near each picture's median is to the median of all, as a normal density."""
    low, high = numpy.quantile(ratios, [0.1586553, 0.8413447])
    errors = max((high - low) / 2, 1e-9) * numpy.sqrt(_MEDIAN_VARIANCE / counts)
    squares = (numpy.log(medians / numpy.median(medians)) / errors) ** 2
    return numpy.asarray(numpy.exp(-(squares - squares.min()) / (2 * _NEAR**2)) / counts)
