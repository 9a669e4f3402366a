"""The areas under many resamples' precision-recall curves at once, from matches made once.

A curve is that of one category at one IoU threshold. Precision only peaks at true detections, so a curve has a point at
each of these and needs no other. All curves are walked together from their last points to their first: the envelope is
then a running maximum, and each step one operation of NumPy over curves and resamples.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from harness.scoring.matches import Matches

#: COCOeval's recall thresholds.
RECALLS = np.linspace(0.0, 1.0, 101)

Numbers = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """The points of one number: of the curves that have as many, the first ones, since the longest come first.

    image, mark (n,): of each point's detection its image, and its place in `Curves.marks`. passing: those of the curves
    that pass ignored detections on their way to the next point; passed: these detections' rows in `Curves.passed`.
    """

    image: Numbers
    mark: Numbers
    passing: Numbers
    passed: slice


@dataclass(frozen=True)
class Curves:
    """C curves, and what they sum up: a matrix times weights (I, R) of images gives weights of detections.

    marks (M, I): of all detections from each mark to the next. start (C,): the mark where a curve's category begins.
    true, ignored (C, I): of a curve's true detections, and of those that it ignores before the last of these. passed
    (G, I): of ignored ones between two points. category (C,): a curve's. steps: from the last points to the first.
    """

    marks: csr_array[Any]
    start: Numbers
    true: csr_array[Any]
    ignored: csr_array[Any]
    passed: csr_array[Any]
    category: Numbers
    steps: tuple[Step, ...]


def curves(matches: Matches) -> Curves:
    """Return the matches' curves, one for each IoU threshold and category."""
    categories, images = matches.objects.shape
    number = categories * matches.found.shape[1]
    curve, point = _by_curve(matches, matches.found)
    ignoring, ignored = _by_curve(matches, matches.ignored)
    # An ignored detection lowers what counts at the next point of its curve, where it has one.
    total = len(matches.image)
    following = np.searchsorted(curve * total + point, ignoring * total + ignored)
    bearing = np.append(curve, -1)[following] == ignoring
    following, ignored = following[bearing], ignored[bearing]

    lengths = np.bincount(curve, minlength=number)
    longest_first = np.argsort(-lengths, kind="stable")
    rank = np.arange(len(point)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    walk = np.lexsort((np.argsort(longest_first)[curve], -rank))
    bounds = np.searchsorted(matches.category, np.arange(categories))
    marks = np.union1d(bounds, point + 1)
    passed = np.bincount(following, minlength=len(point))[walk]
    in_walk = np.argsort(np.argsort(walk)[following], kind="stable")
    return Curves(
        marks=_sums(matches.image[: marks[-1]], np.diff(marks, prepend=0), images),
        start=np.searchsorted(marks, bounds)[longest_first % categories],
        true=_sums(matches.image[point], lengths, images)[longest_first],
        ignored=_sums(matches.image[ignored], np.bincount(curve[following], minlength=number), images)[longest_first],
        passed=_sums(matches.image[ignored[in_walk]], passed[passed > 0], images),
        category=longest_first % categories,
        steps=_steps(
            np.bincount(rank)[::-1], matches.image[point[walk]], np.searchsorted(marks, point + 1)[walk], passed
        ),
    )


def _by_curve(matches: Matches, chosen: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Return the curve and the detection of each chosen (n, T), by rising curve: thresholds first, then categories."""
    threshold, detection = np.nonzero(chosen.T)
    return threshold * len(matches.objects) + matches.category[detection], detection


def _sums(image: Numbers, lengths: Numbers, images: int) -> csr_array[Any]:
    """Return the matrix (L, images) that sums the weights of consecutive runs of detections, given each one's image."""
    return csr_array((np.ones(len(image)), image, np.append(0, np.cumsum(lengths))), shape=(len(lengths), images))


def _steps(sizes: Numbers, image: Numbers, mark: Numbers, passed: Numbers) -> tuple[Step, ...]:
    """Return the steps of these sizes; image, mark and the number passed (N,) of each point are in the order walked."""
    steps = []
    row = start = 0
    for size in sizes.tolist():
        some = slice(start, start + size)
        passing = np.flatnonzero(passed[some])
        steps.append(Step(image[some], mark[some], passing, slice(row, row + len(passing))))
        row, start = row + len(passing), start + size
    return tuple(steps)


@dataclass(frozen=True)
class Levels:
    """How many recall thresholds a number of found objects reaches: reached[first + hits], for `first` as objects."""

    reached: NDArray[np.uint8]
    first: NDArray[np.int64]


def levels_of(objects: NDArray[np.int64]) -> Levels:
    """Return the levels for each of the numbers of objects (K, R): one row for each that occurs."""
    occurring, which = np.unique(objects, return_inverse=True)
    first = np.cumsum(occurring + 1) - (occurring + 1)
    hits = np.arange((occurring + 1).sum()) - np.repeat(first, occurring + 1)
    recall = hits / np.repeat(np.maximum(occurring, 1), occurring + 1)
    return Levels(np.searchsorted(RECALLS, recall, side="right").astype(np.uint8), first[which].reshape(objects.shape))


def areas(curves: Curves, weights: Floats, levels: Levels) -> Floats:
    """Return (R,): the sum, over curves and recall thresholds, of COCOeval's precision under weights (I, R)."""
    up_to = curves.marks @ weights
    np.cumsum(up_to, axis=0, out=up_to)
    uncounted = up_to[curves.start] + curves.ignored @ weights
    passed = curves.passed @ weights
    true = curves.true @ weights
    first = levels.first[curves.category].astype(float)
    area, envelope, precision, some = np.zeros_like(true), np.zeros_like(true), np.empty_like(true), np.empty_like(true)
    index, reached = np.empty(true.shape, np.intp), np.empty(true.shape, np.uint8)
    for step in curves.steps:
        n = len(step.image)
        # counted = up_to[mark] - uncounted; a resample without any of them has no precision, and is never a maximum
        up_to.take(step.mark, axis=0, out=some[:n], mode="clip")
        np.subtract(some[:n], uncounted[:n], out=some[:n])
        with np.errstate(invalid="ignore"):
            np.divide(true[:n], some[:n], out=precision[:n])
        np.fmax(precision[:n], envelope[:n], out=precision[:n])
        # area += (precision - envelope) * reached[first + true]: Abel's sum of precision over the thresholds gained
        np.add(true[:n], first[:n], out=index[:n], casting="unsafe")
        levels.reached.take(index[:n], out=reached[:n], mode="clip")
        np.subtract(precision[:n], envelope[:n], out=envelope[:n])
        np.multiply(envelope[:n], reached[:n], out=envelope[:n])
        np.add(area[:n], envelope[:n], out=area[:n])
        envelope[:n] = precision[:n]
        # to the next point
        weights.take(step.image, axis=0, out=some[:n], mode="clip")
        np.subtract(true[:n], some[:n], out=true[:n])
        uncounted[step.passing] -= passed[step.passed]
    total: Floats = area.sum(axis=0)
    return total
