"""PNG (ISO/IEC 15948): its chunks are walked to IEND, so that what lies behind the end does no harm."""

import zlib
from dataclasses import dataclass
from struct import unpack_from
from typing import Iterator, List, Tuple

import numpy

from runner.pictures.format import BROKEN_OFF, Format, UnreadableImage, orientation

_START = 8
#: Channels and possible bits of a channel of each colour type (section 11.2.2).
_COLOURS = {0: (1, {1, 2, 4, 8, 16}), 2: (3, {8, 16}), 3: (1, {1, 2, 4, 8}), 4: (2, {8, 16}), 6: (4, {8, 16})}
_PALETTE = 3
_ALPHA = {4, 6}
#: The chunks that no decoder may pass over, and those of an animation.
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
#: First column and row, and steps, of Adam7's passes (section 8.2).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
DAMAGED = "its header is damaged"


@dataclass(frozen=True)
class Chunk:
    """A chunk from its length at `start` to the end of its checksum."""

    name: bytes
    start: int
    end: int


def read(content: bytes) -> Format:
    """Return what the file says of itself. Raises UnreadableImage, also where a chunk does not fit its checksum."""
    chunks = list(_chunks(content))
    if chunks[0].name != b"IHDR" or chunks[0].end - chunks[0].start != 25:
        raise UnreadableImage(DAMAGED)
    width, height, bits, colour, compression, filtering, interlaced = unpack_from(">IIBBBBB", content, 16)
    if colour not in _COLOURS or bits not in _COLOURS[colour][1] or compression or filtering or interlaced > 1:
        raise UnreadableImage(DAMAGED)
    names = [chunk.name for chunk in chunks]
    if b"IDAT" not in names or (colour == _PALETTE and not _has_palette(chunks)):
        raise UnreadableImage("it is a PNG without a picture, or without the palette that its picture needs")
    exif = next((chunk.start + 8 for chunk in chunks if chunk.name == b"eXIf"), None)
    return Format(
        "PNG",
        height,
        width,
        bits=max(8, bits),
        orientation=orientation(content, exif),
        interlaced=bool(interlaced),
        animated=b"acTL" in names,
        alpha=colour in _ALPHA,
    )


def _has_palette(chunks: List[Chunk]) -> bool:
    before = chunks[: [chunk.name for chunk in chunks].index(b"IDAT")]
    sizes = [chunk.end - chunk.start - 12 for chunk in before if chunk.name == b"PLTE"]
    return len(sizes) == 1 and sizes[0] % 3 == 0 and 0 < sizes[0] <= 768


def _chunks(content: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to IEND. Raises UnreadableImage."""
    view, start, name = memoryview(content), _START, b""
    while name != b"IEND":
        if start + 12 > len(content):
            raise UnreadableImage(BROKEN_OFF)
        (length,), name = unpack_from(">I", content, start), content[start + 4 : start + 8]
        end = start + 12 + length
        if end > len(content):
            raise UnreadableImage(BROKEN_OFF)
        critical = not name[0] & 0x20
        if critical and (
            name not in _CRITICAL or zlib.crc32(view[start + 4 : end - 4]) != unpack_from(">I", content, end - 4)[0]
        ):
            raise UnreadableImage(f"the file is damaged: its part at byte {start} is not what it should be")
        yield Chunk(name, start, end)
        start = end


def still(content: bytes) -> bytes:
    """Return the file without its animation: OpenCV would take the first frame, the others the picture itself."""
    kept = [content[chunk.start : chunk.end] for chunk in _chunks(content) if chunk.name not in _ANIMATION]
    return content[:_START] + b"".join(kept)


def sealed(content: bytes, at: int) -> bytes:
    """Return the file with the right checksum of the chunk that holds byte `at`."""
    chunk = next(chunk for chunk in _chunks(content) if chunk.start <= at < chunk.end)
    checksum = zlib.crc32(content[chunk.start + 4 : chunk.end - 4])
    return content[: chunk.end - 4] + checksum.to_bytes(4, "big") + content[chunk.end :]


def require_sound(content: bytes) -> None:
    """Raise UnreadableImage where libpng would find an error in the coded pixels, which would end torchvision 0.29."""
    width, height, bits, colour, _, _, interlaced = unpack_from(">IIBBBBB", content, 16)
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _ADAM7]
    shapes = [
        (rows, 1 + -(-columns * bits * _COLOURS[colour][0] // 8)) for columns, rows in sizes if columns > 0 < rows
    ]
    coded = b"".join(content[chunk.start + 8 : chunk.end - 4] for chunk in _chunks(content) if chunk.name == b"IDAT")
    expected, inflating = sum(rows * stride for rows, stride in shapes), zlib.decompressobj()
    try:
        lines = inflating.decompress(coded, expected + 1)
    except zlib.error as error:
        raise UnreadableImage("the file is damaged: its pixels can't be unpacked") from error
    if len(lines) != expected or not inflating.eof or not _filters_are_known(lines, shapes):
        raise UnreadableImage("the file is damaged: its pixels are not as many as its header says")


def _filters_are_known(lines: bytes, shapes: List[Tuple[int, int]]) -> bool:
    at = 0
    for rows, stride in shapes:
        if (numpy.frombuffer(lines, numpy.uint8, rows * stride, at).reshape(rows, stride)[:, 0] > 4).any():
            return False
        at += rows * stride
    return True
