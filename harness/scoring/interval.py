"""The interval of AP by a bootstrap over images, from matches made once.

A resample is a vector of how often each image was drawn. Drawing an image twice counts its objects and its detections
twice, each detection next to its copy: so a detection weighs as much as its image, and AP follows from cumulative
weights without matching or sorting anything again. (Copies of an image under new ids would give the same, but where two
detections of one image and category tie in score: there copies would alternate.)

hotcoco.compare has a bootstrap of its own, over differences of two models, which counts an image drawn twice once.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from harness.documents.scores import ApInterval
from harness.scoring.curves import RECALLS, Levels, areas, curves, levels_of
from harness.scoring.matches import Matches

CONFIDENCE = 0.95
SEED = 0
#: How many sums of weights a thread holds at once, 8 bytes each: a step's then stay in a core's cache.
BLOCK = 5_000_000
#: At most so many threads, since each holds a block; the result does not depend on their number.
THREADS = 4


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
    objects = (matches.objects.astype(float) @ drawn.T).astype(np.int64)  # float: by BLAS, and exact
    resampled, levels = curves(matches), levels_of(objects)

    def areas_of(some: NDArray[np.intp]) -> NDArray[np.float64]:
        weights = np.ascontiguousarray(drawn[some].T, dtype=float)
        return areas(resampled, weights, Levels(levels.reached, levels.first[:, some]))

    blocks = np.array_split(np.arange(len(drawn)), -(-len(drawn) * resampled.marks.shape[0] // BLOCK))
    with ThreadPoolExecutor(min(THREADS, len(os.sched_getaffinity(0)))) as threads:
        total = np.concatenate(list(threads.map(areas_of, blocks)))
    present = (objects > 0).sum(axis=0)
    return np.where(present > 0, total / (len(RECALLS) * matches.found.shape[1] * np.maximum(present, 1)), np.nan)
