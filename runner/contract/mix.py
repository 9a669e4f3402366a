"""The mix of pictures, taken out of a series of times: what is left is what the machine and the moment did."""

import math
from dataclasses import dataclass
from typing import Sequence, Tuple

import numpy

from runner.contract.changes import outliers

#: The median of k values has pi / 2 / k of their variance, where they are normal.
_MEDIAN_VARIANCE = math.pi / 2
#: Of a picture seen less often, too few samples tell how far its median errs to one side where the noise is skewed.
_FEWEST_VISITS = 5
#: The log of a median absolute deviation has this variance over the number of values less 2, where they are normal.
_DEVIATION_VARIANCE = 1.36
#: No picture's deviation counts as less than this share of the pictures' median one: a coarse clock may leave it none.
_SMALLEST_DEVIATION = 0.1


@dataclass(frozen=True)
class Mix:
    """What is left of a series of times (n,) without its mix of pictures, and the figure that it scales.

    `figure` is the geometric mean over pictures of the medians within, in the unit of the times: each picture counts
    the same, however often it was seen. `ratios` (n,) are those of the samples to their pictures' medians, all at the
    pictures' mean deviation; `weights` (n,) say how much each has to do with the figure, 1 on average: more where a
    picture was seen seldom or varies much. `bias` is by how much few visits make the figure's logarithm err, as
    far as the ratios tell. `content` is true where a picture was seen less than five times: `ratios` are those of the
    pictures' medians to the figure then, one a picture and outliers left out, since no stall can be told from a picture
    there; and an interval that comes of them speaks of other pictures of the kind, too.
    """

    figure: float
    ratios: numpy.ndarray
    weights: numpy.ndarray
    bias: float
    content: bool


def levelled(times: numpy.ndarray, pictures: Sequence[str]) -> numpy.ndarray:
    """Return the times (n,) over their pictures' medians, at one scale; as they are where a picture was seen once."""
    places, counts = _places(pictures)
    if counts.min() < 2:
        return times
    medians = _medians(times[numpy.lexsort((times, places))], counts)
    return numpy.asarray(times / medians[places] * numpy.median(medians))


def unmixed(times: numpy.ndarray, pictures: Sequence[str]) -> Mix:
    """Return the series without its mix of pictures.

    A ratio is to the median of its picture's other samples: one to a median of which it is itself a part is too near
    to 1, of three visits exactly 1 in a third of all. What the uncertainty of that median adds is taken off again.
    """
    places, counts = _places(pictures)
    order = numpy.lexsort((times, places))
    ordered = times[order]
    logs = numpy.log(_medians(ordered, counts))
    if counts.min() < _FEWEST_VISITS:
        logs = logs[~outliers(logs)]
        return Mix(math.exp(logs.mean()), numpy.exp(logs - logs.mean()), numpy.ones(len(logs)), 0.0, content=True)
    added = numpy.sqrt(1 + _MEDIAN_VARIANCE / (counts - 1))
    shares = numpy.log(ordered / _medians_of_others(ordered, counts)) / added.repeat(counts)
    scales = _scales(shares, counts)
    ratios = numpy.empty(len(times))
    ratios[order] = numpy.exp(shares / scales.repeat(counts))
    weights = (scales / counts)[places]
    return Mix(math.exp(logs.mean()), ratios, weights / weights.mean(), _bias(ratios, counts), content=False)


def _places(pictures: Sequence[str]) -> Tuple[numpy.ndarray, numpy.ndarray]:
    """Return which picture each sample is of, as numbers from 0, and how often each was seen."""
    numbers = {picture: number for number, picture in enumerate(dict.fromkeys(pictures))}
    places = numpy.fromiter((numbers[picture] for picture in pictures), dtype=int, count=len(pictures))
    return places, numpy.bincount(places)


def _medians(ordered: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
    """Return each picture's median of values (n,) that lie picture by picture, and ascend within each."""
    begins = numpy.cumsum(counts) - counts
    return numpy.asarray(ordered[begins + (counts - 1) // 2] + ordered[begins + counts // 2]) / 2


def _medians_of_others(ordered: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
    """Return for each of such values the median of its picture's others, of which there is at least one."""
    begins = (numpy.cumsum(counts) - counts).repeat(counts)
    ranks = numpy.arange(len(ordered)) - begins
    low, high = ((counts - 2) // 2).repeat(counts), ((counts - 1) // 2).repeat(counts)  # the others' middle places
    return numpy.asarray(ordered[begins + low + (ranks <= low)] + ordered[begins + high + (ranks <= high)]) / 2


def _scales(shares: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
    """Return how much each picture varies, over the mean of all, from its samples' deviations, picture by picture.

    Their logarithms are shrunk towards their mean by as much of their variance as so few samples make of equal ones
    (James and Stein's estimator, its positive part): else few visits alone would make pictures look unequal.
    """
    sizes = numpy.abs(shares)
    deviations = _medians(sizes[numpy.lexsort((sizes, numpy.arange(len(counts)).repeat(counts)))], counts)
    middle = float(numpy.median(deviations))
    if len(counts) < 2 or middle == 0:
        return numpy.ones(len(counts))
    logs = numpy.log(numpy.maximum(deviations, _SMALLEST_DEVIATION * middle))
    by_chance = _DEVIATION_VARIANCE * float((1 / (counts - 2)).mean())
    kept = max(0.0, 1 - by_chance / max(float(logs.var(ddof=1)), 1e-300))
    scales = numpy.exp(kept * (logs - logs.mean()))
    return numpy.asarray(scales / scales.mean())


def _bias(ratios: numpy.ndarray, counts: numpy.ndarray) -> float:
    """Return by how much the mean over pictures of the log medians lies above that of as many samples of one picture.

    It is the difference of the medians expected of so many draws from the ratios, as a bootstrap has them: the median
    of c values has the density of Beta with both parameters at (c + 1) / 2, rounded down, over the quantiles.
    """
    logs = numpy.log(numpy.sort(ratios))
    places = (numpy.arange(len(logs)) + 0.5) / len(logs)

    def expected(count: int) -> float:
        density = (4 * places * (1 - places)) ** ((count - 1) // 2)
        return float(density @ logs / density.sum())

    visits, pictures = numpy.unique(counts, return_counts=True)
    few = sum(expected(int(count)) * int(number) for count, number in zip(visits, pictures))
    return few / len(counts) - expected(len(logs))
