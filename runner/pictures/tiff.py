"""TIFF 6.0: of its many kinds those of which Pillow and OpenCV give the same pixels."""

from struct import calcsize, error, unpack_from
from typing import Dict, Tuple

from runner.pictures.format import BROKEN_OFF, ORIENTATION, Field, Format, UnreadableImage, fields

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _EXTRA, _SAMPLE_FORMAT = (
    256, 257, 258, 259, 262, 277, 338, 339,
)  # fmt: skip
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_BY_JPEG = 7
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_PREMULTIPLIED = 1
#: Where the strips or tiles stand, and how long each is.
_PARTS = ((273, 279), (324, 325))
_COLOUR_MAP, _JPEG_TABLES = 320, 347
_NEEDED = {_BITS, _COLOUR_MAP, _JPEG_TABLES, *(tag for pair in _PARTS for tag in pair)}
_CODES = {3: "H", 4: "I", 7: "B"}
#: (photometric interpretation, samples, bits of each)
_KNOWN = {
    *((_WHITE_IS_ZERO, 1, bits) for bits in (1, 8)),
    *((_BLACK_IS_ZERO, 1, bits) for bits in (1, 8, 16)),
    (_BLACK_IS_ZERO, 2, 8),
    *((_RGB, samples, bits) for samples in (3, 4) for bits in (8, 16)),
    (_PALETTE, 1, 8),
    (_YCBCR, 3, 8),
}


def read(content: bytes) -> Format:
    """Return what the first picture of the file says of itself. Raises UnreadableImage."""
    _require_whole(content)
    by_tag = fields(content, 0)
    if _WIDTH not in by_tag or _HEIGHT not in by_tag:
        raise UnreadableImage("it is a TIFF without a picture")
    samples = _value(by_tag, _SAMPLES, 1)
    bits = by_tag[_BITS].values if _BITS in by_tag else (1,)
    formats = by_tag[_SAMPLE_FORMAT].values if _SAMPLE_FORMAT in by_tag else (_UNSIGNED,)
    _require_whole_numbers(formats, bits)
    known = (_value(by_tag, _PHOTOMETRIC, -1), samples, bits[0])
    jpeg_alone = known[0] == _YCBCR and _value(by_tag, _COMPRESSION, 1) != _BY_JPEG
    if len(set(bits)) != 1 or known not in _KNOWN or jpeg_alone or _value(by_tag, _EXTRA, 0) == _PREMULTIPLIED:
        raise UnreadableImage("it is a TIFF of a kind that the readers do not read alike")
    tag = by_tag.get(ORIENTATION)
    return Format(
        "TIFF",
        height=by_tag[_HEIGHT].values[0],
        width=by_tag[_WIDTH].values[0],
        bits=max(8, bits[0]),
        orientation=tag if tag and 1 <= tag.values[0] <= 8 else None,
        alpha=_value(by_tag, _EXTRA, 0) != 0,
    )


def _require_whole(content: bytes) -> None:
    """Raise UnreadableImage where the first directory, a list that it needs, or a part of the pixels is missing."""
    order, end = "<" if content.startswith(b"II") else ">", len(content)
    lists: Dict[int, Tuple[int, ...]] = {}
    try:
        (directory,) = unpack_from(order + "I", content, 4)
        (count,) = unpack_from(order + "H", content, directory)
        for entry in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, n, place = unpack_from(order + "HHII", content, entry)
            if tag in _NEEDED and kind in _CODES:
                size = calcsize(_CODES[kind]) * n
                if size > 4 and place + size > end:
                    raise UnreadableImage(BROKEN_OFF)
                lists[tag] = unpack_from(f"{order}{n}{_CODES[kind]}", content, place if size > 4 else entry + 8)
    except error as cause:
        raise UnreadableImage(BROKEN_OFF) from cause
    for starts, lengths in _PARTS:
        parts = zip(lists.get(starts, ()), lists.get(lengths, ()))
        if any(start + length > end for start, length in parts):
            raise UnreadableImage(BROKEN_OFF)


def _require_whole_numbers(formats: Tuple[int, ...], bits: Tuple[int, ...]) -> None:
    if set(formats) != {_UNSIGNED} or max(bits) > 16:
        kind = "floating-point" if _FLOAT in formats else "signed" if _SIGNED in formats else "whole"
        raise UnreadableImage(f"it is a TIFF of {kind} numbers of {max(bits)} bits, and nothing says which is white")


def _value(by_tag: Dict[int, Field], tag: int, default: int) -> int:
    return by_tag[tag].values[0] if tag in by_tag else default
