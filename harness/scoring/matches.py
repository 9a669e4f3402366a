"""Which detections found which objects: all that AP is made of, image by image."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: COCOeval's results of one image and category, without its None where there is nothing.
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Matches:
    """COCOeval's matches over all areas, at most its largest number of detections an image and category.

    Columns of length n, sorted by category, then by falling score, then by image: as COCOeval.accumulate sorts them.
    category and image count from 0. found (n, T): the detection found an object at the IoU threshold; ignored (n, T):
    it counts neither for nor against, since it found a crowd. objects (K, I): those to be found.
    """

    category: NDArray[np.int64]
    image: NDArray[np.int64]
    found: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    objects: NDArray[np.int64]


def read(blocks: Iterable[Sequence[Entry]], categories: int, images: int) -> Matches:
    """Return the matches of entries that come in blocks of whole images, in the order of images."""
    objects = np.zeros((categories, images), np.int64)
    parts = [_columns(block, objects) for block in blocks if block]
    if not parts:
        nothing, none = np.zeros(0, np.int64), np.zeros((0, 1), bool)
        return Matches(nothing, nothing, none, none, objects)
    columns = [list(column) for column in zip(*parts, strict=True)]
    parts.clear()
    ignored, found, score, image, category = (np.concatenate(columns.pop()) for _ in range(5))
    order = np.lexsort((image, -score, category))
    return Matches(category[order], image[order], found[order], ignored[order], objects)


def _columns(entries: Sequence[Entry], objects: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    """Return the columns of the entries' detections, and count their objects."""
    for entry in entries:
        objects[entry["category_id"] - 1, entry["image_id"] - 1] = np.count_nonzero(np.logical_not(entry["gtIgnore"]))
    lengths = [len(entry["dtScores"]) for entry in entries]
    matched = np.concatenate([entry["dtMatches"] for entry in entries], axis=1).T != 0  # ids count from 1
    ignored = np.concatenate([entry["dtIgnore"] for entry in entries], axis=1).T.astype(bool)
    return (
        np.repeat([entry["category_id"] - 1 for entry in entries], lengths),
        np.repeat([entry["image_id"] - 1 for entry in entries], lengths),
        np.concatenate([np.asarray(entry["dtScores"], np.float64) for entry in entries]),
        matched & ~ignored,
        ignored,
    )
