"""Masks in COCO's ways of writing them, brought to one: compressed run lengths."""

from typing import Any

from hotcoco import mask as rle

from harness.data.coco import Picture, are_numbers

#: How many times its picture's sides a mask may reach beyond it. Drawing one takes time and memory by its outline, and
#: pycocotools ends in a segmentation fault where the coordinates leave its integers.
FAR = 10
#: The string form: five bits a character above this one, the next bit says that more follow.
FIRST_CHARACTER, MORE, NEGATIVE, BITS = 48, 0x20, 0x10, 5


def check_form(segmentation: Any) -> None:
    """Raise ValueError for what is neither polygons nor run lengths with a size, whatever their numbers say."""
    if isinstance(segmentation, list):
        usable = all(are_numbers(ring) for ring in segmentation)
    else:
        usable = isinstance(segmentation, dict) and _are_run_lengths(segmentation)
    if not usable:
        raise ValueError("it is neither polygons nor RLE with size and counts")


def _are_run_lengths(segmentation: dict[str, Any]) -> bool:
    size, counts = segmentation.get("size"), segmentation.get("counts")
    whole = isinstance(size, list) and [type(side) for side in size] == [int, int] and min(size) > 0
    return whole and (isinstance(counts, str) or (isinstance(counts, list) and set(map(type, counts)) <= {int}))


def compressed(segmentation: dict[str, Any] | list[list[float]], picture: Picture) -> bytes:
    """Return polygons, or run lengths of either form, as compressed run lengths of the picture's size.

    Raises ValueError where they are damaged or belong to a picture of another size.
    """
    size = _size(picture)
    if isinstance(segmentation, list):
        check_polygons(segmentation, picture)
        parts = rle.fr_py_objects(segmentation, *size)
        counts: bytes = rle.merge(parts)["counts"]
        return counts
    if segmentation.get("size") != size:
        raise ValueError(f"its size is {segmentation.get('size')!r}, that of its picture {size}")
    try:
        counts = rle.fr_py_objects(segmentation, *size)["counts"]
    except (AttributeError, KeyError, TypeError, OverflowError):
        raise ValueError("counts are neither run lengths nor their string") from None
    pixels = size[0] * size[1]
    if _pixels(counts) != pixels:
        raise ValueError(f"its run lengths do not add up to the {pixels} pixels of its picture")
    return counts


def check_polygons(rings: list[list[float]], picture: Picture) -> None:
    """Raise ValueError for polygons that the scorers read differently, or not at all; each ring is x, y, x, y ..."""
    height, width = _size(picture)
    if not rings or any(len(ring) < 6 or len(ring) % 2 for ring in rings):
        raise ValueError("a polygon needs at least three points, each x and y")
    if any(_far(ring[0::2], width) or _far(ring[1::2], height) for ring in rings):
        raise ValueError("a polygon is far outside of its picture")


def _size(picture: Picture) -> list[int]:
    if picture.size is None:
        raise ValueError("its picture has no height and width")
    return list(picture.size)


def _far(coordinates: list[float], side: int) -> bool:
    return min(coordinates) < -FAR * side or max(coordinates) > (1 + FAR) * side


def _pixels(counts: bytes) -> int:
    """Return the sum of the run lengths: from the fourth on, each is the difference to the last but one.

    The form is that of rleToString in pycocotools' common/maskApi.c. Neither library checks the sum, and pycocotools
    compares masks of unequal sums without end.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = character - FIRST_CHARACTER
        value |= (bits & 0x1F) << shift
        shift += BITS
        if bits & MORE:
            continue
        if bits & NEGATIVE:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return sum(runs)
