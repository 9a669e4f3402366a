"""JPEG (ITU-T T.81): the segments are walked from start to end, so that what lies behind the end does no harm."""

import re
from dataclasses import dataclass
from typing import Optional, Tuple

from runner.pictures.format import BROKEN_OFF, Format, UnreadableImage, orientation

#: What follows 0xFF is a marker, but for a stuffed zero and, within a scan, for a restart (T.81, B.1.1).
_BETWEEN = re.compile(rb"\xff[^\x00\xff]")
_IN_A_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
#: Markers without a segment: TEM, RST0 to RST7, SOI.
_ALONE = {0x01, *range(0xD0, 0xD9)}
_END, _SCAN, _APP1 = 0xD9, 0xDA, 0xE1
#: SOF0 to SOF15, which are the numbers but for DHT, JPG and DAC; the first three are what every decoder reads.
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_HUFFMAN = {0xC0, 0xC1, 0xC2}
_EXIF = b"Exif\x00\x00"


@dataclass
class _Seen:
    frame: Optional[Tuple[int, bytes]] = None
    exif: Optional[int] = None
    scans: int = 0


def read(content: bytes) -> Format:
    """Return what the first picture of the file says of itself. Raises UnreadableImage."""
    seen = _walk(content)
    if seen.frame is None or not seen.scans:
        raise UnreadableImage("it is a JPEG without a picture")
    marker, header = seen.frame
    bits, components = header[0], header[5]
    if len(header) < 6 + 3 * components:
        raise UnreadableImage("the header of the JPEG is damaged")
    if bits != 8:
        raise UnreadableImage(f"it is a JPEG of {bits} bits, and the readers know those of 8")
    if marker not in _HUFFMAN:
        raise UnreadableImage("it is a lossless, hierarchical or arithmetic-coded JPEG, which not all readers know")
    if components not in (1, 3, 4):
        raise UnreadableImage(f"it is a JPEG of {components} channels, and the readers know those of 1, 3 and 4")
    shares = [header[7 + 3 * number] for number in range(components)]
    return Format(
        "JPEG",
        height=int.from_bytes(header[1:3], "big"),
        width=int.from_bytes(header[3:5], "big"),
        orientation=orientation(content, seen.exif),
        sampling=tuple((share >> 4, share & 15) for share in shares),
    )


def _walk(content: bytes) -> _Seen:
    seen, at, marks = _Seen(), 2, _BETWEEN
    while True:
        mark = marks.search(content, at)
        if mark is None:
            raise UnreadableImage(BROKEN_OFF)
        at, marker = mark.end(), content[mark.end() - 1]
        if marker == _END:
            return seen
        if marker in _ALONE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content):
            raise UnreadableImage(BROKEN_OFF)
        _note(seen, marker, at + 2, content[at + 2 : at + length])
        at += length
        marks = _IN_A_SCAN if marker == _SCAN else _BETWEEN


def _note(seen: _Seen, marker: int, at: int, segment: bytes) -> None:
    if marker in _FRAMES and seen.frame is None and len(segment) >= 6:
        seen.frame = marker, segment
    elif marker == _APP1 and seen.exif is None and segment.startswith(_EXIF):
        seen.exif = at + len(_EXIF)
    elif marker == _SCAN:
        seen.scans += 1
