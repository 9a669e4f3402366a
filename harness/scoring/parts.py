"""AP of parts of a set: pictures with about as many objects, and pictures of about one size, from matches made once."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.coco import Annotations
from harness.documents.scores import ApInterval, ApPart
from harness.scoring.matches import Matches

#: Where the parts by objects begin.
OBJECTS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
#: Where the parts by size begin, as the side of a square of so many pixels: each of twice the pixels of the one before.
SIDES = (0, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896)
#: Fewer than of a whole set: every part takes its own, and ends of intervals are read to two digits.
RESAMPLES = 400
NO_OBJECT = "no object to find"

Which = NDArray[np.bool_]


def ap_by_parts(annotations: Annotations, matches: Matches, resamples: int = RESAMPLES) -> list[ApPart]:
    """Return AP by the objects of a picture, crowds not counted, then by its size; parts without pictures are left out.

    A size is that of the annotations; pictures without one are in no part by size.
    """
    counts = matches.objects.sum(axis=0)
    sizes = [annotations.pictures[image_id].size for image_id in sorted(annotations.pictures)]
    pixels = np.array([size[0] * size[1] if size else -1 for size in sizes])
    squares = tuple(side * side for side in SIDES)
    by_objects = [_part(matches, "objects", part, resamples) for part in _chosen(counts, OBJECTS)]
    return by_objects + [_part(matches, "pixels", part, resamples) for part in _chosen(pixels, squares)]


class Picked(NamedTuple):
    """Which images (I,) a part has, and its least and most value, None without an end."""

    images: Which
    least: int
    most: int | None


def _chosen(values: NDArray[np.int64], begins: tuple[int, ...]) -> Iterator[Picked]:
    """Yield the parts with images, each from its begin up to the next."""
    for least, beyond in zip(begins, (*begins[1:], None), strict=True):
        chosen = (values >= least) & (True if beyond is None else values < beyond)
        if chosen.any():
            yield Picked(chosen, least, None if beyond is None else beyond - 1)


def _part(matches: Matches, of: Literal["objects", "pixels"], chosen: Picked, resamples: int) -> ApPart:
    part = _of_images(matches, chosen.images)
    ap, interval, reason = _precision(part, resamples)
    return ApPart(
        of=of,
        least=chosen.least,
        most=chosen.most,
        images=part.objects.shape[1],
        objects=int(part.objects.sum()),
        ap=ap,
        interval=interval,
        missing_reason=reason,
    )


def _precision(part: Matches, resamples: int) -> tuple[float | None, ApInterval | None, str | None]:
    """Return AP of the part, its interval, and why one of them is None."""
    with_objects = int(np.count_nonzero(part.objects.any(axis=0)))
    if not with_objects:
        return None, None, NO_OBJECT
    from harness.scoring.interval import average_precision, bootstrap  # only now, as in evaluate.py

    ap = float(average_precision(part, np.ones((1, part.objects.shape[1]), np.int64))[0])
    if with_objects < 2:
        return ap, None, "an interval over images needs two with objects, here one has any"
    return ap, bootstrap(part, resamples), None


def _of_images(matches: Matches, chosen: Which) -> Matches:
    """Return the matches in the chosen images (I,), which are numbered anew in their order."""
    kept, number = chosen[matches.image], np.cumsum(chosen) - 1
    return Matches(
        matches.category[kept],
        number[matches.image[kept]],
        matches.found[kept],
        matches.ignored[kept],
        matches.objects[:, chosen],
    )
