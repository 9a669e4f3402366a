"""GIF, BMP, WebP and PNM: what of them the readers read alike."""

import re
from struct import error, unpack_from
from typing import Dict, Tuple

from runner.pictures.format import BROKEN_OFF, Format, UnreadableImage, orientation

#: GIF89a: the blocks' introducers, and the label of the one that says whether a colour is transparent.
_EXTENSION, _PICTURE, _GRAPHIC_CONTROL = 0x21, 0x2C, 0xF9
#: A BMP's ways to pack its lines (BI_RLE8, BI_RLE4): their length tells nothing of the picture's.
_PACKED = {1, 2}
_SPACE = rb"(?:\s|#[^\n]*\n)+"
_PNM = re.compile(_SPACE.join([rb"P[56]", *[rb"(\d{1,9})"] * 3]) + rb"\s")


def gif(content: bytes) -> Format:
    """Return what the first frame of a GIF says of itself. Raises UnreadableImage."""
    try:
        width, height, packed = unpack_from("<HHB", content, 6)
        at, transparent = 13 + _table(packed), False
        while content[at] == _EXTENSION:
            transparent |= content[at + 1] == _GRAPHIC_CONTROL and bool(content[at + 3] & 1)
            at = _after_blocks(content, at + 2)
        if content[at] != _PICTURE:
            raise UnreadableImage("it is a GIF without a picture")
        frame, local = unpack_from("<HHHH", content, at + 1), content[at + 9]
        content[_after_blocks(content, at + 11 + _table(local))]  # another block, or the trailer
    except (IndexError, error) as cause:
        raise UnreadableImage(BROKEN_OFF) from cause
    if transparent or frame != (0, 0, width, height):
        raise UnreadableImage("it is a GIF with transparency or a small frame, whose ground the readers choose freely")
    return Format("GIF", height, width)


def _table(packed: int) -> int:
    """Return the bytes of a colour table by the flags that announce it."""
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


def bmp(content: bytes) -> Format:
    """Return what a BMP says of itself. Raises UnreadableImage."""
    header = int.from_bytes(content[14:18], "little")
    if len(content) < (26 if header == 12 else 34):
        raise UnreadableImage(BROKEN_OFF)
    if header == 12:
        width, height, _, bits = unpack_from("<HHHH", content, 18)
    else:
        width, height, _, bits = unpack_from("<iiHH", content, 18)
    if bits not in (1, 4, 8, 24, 32):
        raise UnreadableImage(f"it is a BMP of {bits} bits a pixel, which the readers round in different ways")
    packed = header != 12 and unpack_from("<I", content, 30)[0] in _PACKED
    if not packed and len(content) < _end_of_lines(content, abs(height), width * bits):
        raise UnreadableImage(BROKEN_OFF)
    return Format("BMP", abs(height), width, alpha=bits == 32)


def _end_of_lines(content: bytes, height: int, bits: int) -> int:
    """Return where a BMP's lines of so many bits end; each but the last is filled up to four bytes."""
    start: int = unpack_from("<I", content, 10)[0]
    return start + (height - 1) * ((bits + 31) // 32 * 4) + (bits + 7) // 8


def webp(content: bytes) -> Format:
    """Return what a WebP says of itself. Raises UnreadableImage."""
    if content[8:12] != b"WEBP":
        raise UnreadableImage("it is no picture, but another RIFF file")
    if len(content) < 8 + int.from_bytes(content[4:8], "little"):
        raise UnreadableImage(BROKEN_OFF)
    chunks = _riff(content)
    width, height = _webp_size(content, chunks)
    animated = b"ANMF" in chunks
    if animated and _frame(content, chunks[b"ANMF"]) != (0, 0, width, height):
        raise UnreadableImage("it is a WebP with a small frame, whose ground the readers choose freely")
    exif = chunks.get(b"EXIF")
    if exif is not None and content.startswith(b"Exif\x00\x00", exif):
        exif += 6
    return Format("WebP", height, width, orientation=orientation(content, exif), animated=animated)


def _riff(content: bytes) -> Dict[bytes, int]:
    """Return where the first chunk of each name has its content."""
    chunks: Dict[bytes, int] = {}
    at, end = 12, 8 + int.from_bytes(content[4:8], "little")
    while at + 8 <= end:
        chunks.setdefault(content[at : at + 4], at + 8)
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return chunks


def _webp_size(content: bytes, chunks: Dict[bytes, int]) -> Tuple[int, int]:
    """Return width and height (RFC 9649, sections 2.5 to 2.7)."""
    if b"VP8X" in chunks:
        at = chunks[b"VP8X"] + 4
        return _number24(content, at) + 1, _number24(content, at + 3) + 1
    if b"VP8L" in chunks:
        packed = int.from_bytes(content[chunks[b"VP8L"] + 1 : chunks[b"VP8L"] + 5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if b"VP8 " in chunks:
        at = chunks[b"VP8 "] + 6
        return int.from_bytes(content[at : at + 2], "little") & 0x3FFF, int.from_bytes(
            content[at + 2 : at + 4], "little"
        ) & 0x3FFF
    raise UnreadableImage("it is a WebP without a picture")


def _frame(content: bytes, at: int) -> Tuple[int, int, int, int]:
    left, top, width, height = (_number24(content, at + 3 * number) for number in range(4))
    return 2 * left, 2 * top, width + 1, height + 1


def _number24(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 3], "little")


def pnm(content: bytes) -> Format:
    """Return what a PGM or PPM says of itself. Raises UnreadableImage."""
    header = _PNM.match(content[:1000])
    if header is None:
        raise UnreadableImage("the header of the PPM is damaged")
    width, height, white = map(int, header.groups())
    if white != 255:
        raise UnreadableImage(f"it is a PPM whose white is {white}, and the readers round all but 255 in other ways")
    if len(content) - header.end() < width * height * (3 if content.startswith(b"P6") else 1):
        raise UnreadableImage(BROKEN_OFF)
    return Format("PPM", height, width)
