"""The interval of AP by a bootstrap over images, from matches made once.

A resample is a vector of how often each image was drawn. Drawing an image twice counts its objects and its detections
twice, each detection next to its copy: so a detection weighs as much as its image, and AP follows from cumulative
weights without matching or sorting anything again. (Copies of an image under new ids would give the same, but where two
detections of one image and category tie in score: there copies would alternate.)

hotcoco.compare has a bootstrap of its own, over differences of two models, which counts an image drawn twice once.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.scoring.documents import ApInterval
from harness.scoring.matches import Matches

CONFIDENCE = 0.95
SEED = 0
#: COCOeval's recall thresholds.
RECALLS = np.linspace(0.0, 1.0, 101)
#: How many weights of detections are worked on at once: few enough to stay in a core's cache.
BLOCK = 400_000


def bootstrap(matches: Matches, resamples: int, seed: int = SEED) -> ApInterval:
    """Return the percentile interval of AP over images drawn with replacement (Efron & Tibshirani, 1993, ch. 13).

    A resample without any object has no AP and is left out. At least two images must have objects.
    """
    drawn = draw(matches.objects.shape[1], resamples, seed)
    tails = [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)]
    low, high = np.nanpercentile(average_precision(matches, drawn), tails)
    return ApInterval(float(low), float(high), CONFIDENCE, resamples, seed)


def draw(images: int, resamples: int, seed: int = SEED) -> NDArray[np.int64]:
    """Return how often (resamples, images) each image was drawn, in as many draws as there are images."""
    drawn: NDArray[np.int64] = np.random.default_rng(seed).multinomial(
        images, np.full(images, 1 / images), size=resamples
    )
    return drawn


def average_precision(matches: Matches, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return AP (R,) for R resamples: drawn (R, I) says how often each has each image; NaN where it has no object."""
    weights = np.ascontiguousarray(drawn.T, dtype=np.min_scalar_type(drawn.max(initial=0)))
    objects = matches.objects @ drawn.T
    total = np.zeros(len(drawn))
    categories = len(matches.objects)
    bounds = np.searchsorted(matches.category, np.arange(categories + 1))
    for category in range(categories):
        rows = slice(bounds[category], bounds[category + 1])
        step = max(1, BLOCK // max(1, rows.stop - rows.start))
        for start in range(0, len(drawn), step):
            some = slice(start, start + step)
            total[some] += _category(matches, rows, weights[:, some], objects[category, some])
    present = (objects > 0).sum(axis=0)
    return np.where(present > 0, total / np.maximum(present, 1), np.nan)


def _category(
    matches: Matches, rows: slice, weights: NDArray[np.unsignedinteger[Any]], objects: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return one category's AP (R,), the mean over IoU thresholds; weights (I, R), objects (R,)."""
    found, ignored = matches.found[rows], matches.ignored[rows]
    weight = weights[matches.image[rows]]
    places = np.flatnonzero(found.any(axis=1))
    before = _up_to(places, weight)
    levels = _levels(objects)
    total = np.zeros(len(objects))
    for threshold in range(found.shape[1]):
        hits = np.flatnonzero(found[:, threshold])
        if len(hits):
            skipped = _weight_before(hits, np.flatnonzero(ignored[:, threshold]), weight)
            total += _area(
                np.cumsum(weight[hits], axis=0, dtype=np.int32), before[np.searchsorted(places, hits)] - skipped, levels
            )
    return total / float(found.shape[1] * len(RECALLS))


def _up_to(places: NDArray[np.intp], weight: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.int32]:
    """Return the weight (P, R) of all detections up to each place, summed between places first."""
    if not len(places):
        return np.zeros((0, weight.shape[1]), np.int32)
    starts = np.concatenate([[0], places[:-1] + 1])
    between = np.add.reduceat(weight[: places[-1] + 1], starts, axis=0, dtype=np.int32)
    return np.cumsum(between, axis=0, dtype=np.int32)


def _levels(objects: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return (R, most objects + 1): how many of the recall thresholds each number of found objects reaches."""
    recall = np.arange(objects.max() + 1) / np.maximum(objects, 1)[:, None]
    return np.searchsorted(RECALLS, recall, side="right").astype(np.int16)


def _weight_before(
    hits: NDArray[np.intp], ignored: NDArray[np.intp], weight: NDArray[np.unsignedinteger[Any]]
) -> NDArray[np.int32] | int:
    """Return the weight (H, R) of the ignored detections that come before each hit."""
    if not len(ignored):
        return 0
    none = np.zeros((1, weight.shape[1]), np.int32)
    cumulated = np.concatenate([none, np.cumsum(weight[ignored], axis=0, dtype=np.int32)])
    return cumulated[np.searchsorted(ignored, hits)]


def _area(true: NDArray[np.int32], counted: NDArray[np.int32], levels: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the sum (R,) of COCOeval's precision over its recall thresholds, at one IoU threshold.

    true and counted (H, R) are the weights of true and of all detections up to each true one. Precision only peaks at
    true detections, so that the envelope needs no others; a threshold counts at the first that reaches it.
    """
    envelope = np.maximum.accumulate((true / (counted + np.spacing(1)))[::-1])[::-1]
    reached = levels.ravel()[true + np.arange(len(levels)) * levels.shape[1]]
    gained = np.diff(reached, axis=0, prepend=np.int16(0))
    area: NDArray[np.float64] = np.einsum("hr,hr->r", envelope, gained)
    return area
