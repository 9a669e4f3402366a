"""Picture files of many kinds, made byte by byte where no library writes them."""

import io
import struct
import zlib
from typing import Any

import numpy
from PIL import Image

HEIGHT, WIDTH = 24, 32
ROWS, COLUMNS = numpy.mgrid[0:HEIGHT, 0:WIDTH]
GREY = ((COLUMNS * 7 + ROWS * 3) % 256).astype("uint8")
RGB = numpy.stack([COLUMNS * 7, ROWS * 9, (COLUMNS + ROWS) * 4], -1).astype("uint8")
ALPHA = (ROWS * 10).astype("uint8")
#: Neither 257 times an 8-bit value nor a multiple of 256: rounding and cutting off give other pixels.
DEEP = ((COLUMNS * 2000 + ROWS * 301 + 200) % 65536).astype("uint16")
DEEP_RGB = numpy.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], -1)
DEEP_RGBA = numpy.dstack([DEEP_RGB, DEEP])
PALETTE = numpy.random.default_rng(0).integers(0, 256, (256, 3), "uint8")
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def saved(pixels: Any, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(pixels: Any, colour: int, *extra: tuple[bytes, bytes], interlaced: bool = False, lines: Any = None) -> bytes:
    """Return a PNG of 8 or 16 bits; `lines` replaces its packed lines."""
    bits, (height, width) = 8 * pixels.itemsize, pixels.shape[:2]
    passes = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [pixels]
    raw = b"".join(b"\0" + row.astype(f">u{pixels.itemsize}").tobytes() for each in passes for row in each)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(raw) if lines is None else lines), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def tiff(pixels: Any, photometric: int, order: str = "<", **tags: int) -> bytes:
    """Return an uncompressed TIFF; `tags` are t338=2 and the like."""
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    data: bytes = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    kind = 3 if pixels.dtype.kind == "f" else 2 if pixels.dtype.kind == "i" else 1
    values = {256: [pixels.shape[1]], 257: [pixels.shape[0]], 258: [8 * pixels.itemsize] * samples, 259: [1]}
    values |= {262: [photometric], 273: [0], 277: [samples], 278: [pixels.shape[0]], 279: [len(data)]}
    values |= {339: [kind] * samples} | {int(name[1:]): [value] for name, value in tags.items()}
    behind = 8 + 2 + 12 * len(values) + 4
    values[273] = [behind + sum(2 * len(each) for each in values.values() if len(each) > 2)]
    entries, blob = b"", b""
    for tag, each in sorted(values.items()):
        long = tag in (273, 279)
        packed = struct.pack(f"{order}{len(each)}{'I' if long else 'H'}", *each)
        place = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack(order + "I", behind + len(blob))
        blob += packed if len(packed) > 4 else b""
        entries += struct.pack(order + "HHI", tag, 4 if long else 3, len(each)) + place
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(values))
    return start + entries + b"\0\0\0\0" + blob + data


def exif(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    """Return EXIF data that say how the picture is to be turned."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(order + {1: "B", 3: "H", 4: "I"}[kind], orientation).ljust(4, b"\0")
    return start + struct.pack(order + "IHHHI", 8, 1, 274, kind, 1) + value + b"\0\0\0\0"


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """Return the JPEG with another segment right behind its start."""
    return jpeg[:2] + segment(marker, content) + jpeg[2:]


def turned(kind: str, orientation: int, pixels: Any = RGB, order: str = "<") -> bytes:
    """Return a lossless or JPEG picture whose EXIF says how to turn it."""
    if kind == "TIFF":
        return tiff(pixels, 2, order, t274=orientation)
    if kind == "PNG":
        return png(pixels, 2, (b"eXIf", exif(orientation, order)))
    if kind == "WEBP":
        return saved(pixels, "WEBP", lossless=True, exif=exif(orientation, order))
    return with_segment(saved(pixels, "JPEG", quality=95), 0xE1, b"Exif\0\0" + exif(orientation, order))


def gif(*, transparent: bool = False, left: int = 0) -> bytes:
    """Return a GIF of one frame, with a transparent colour or one that does not begin at the left border."""
    picture = Image.fromarray(GREY, "P")
    picture.putpalette(PALETTE.tobytes())
    content = bytearray(saved(picture, "GIF", optimize=False))
    at = content.rindex(b"\x2c\0\0\0\0")
    content[at + 1] = left
    if left:
        content[6:8] = struct.pack("<H", WIDTH + left)
    if transparent:
        content[at:at] = b"\x21\xf9\x04\x01\0\0\x05\0"
    return bytes(content)


def bmp_of_16_bits() -> bytes:
    lines = numpy.zeros((HEIGHT, WIDTH), "<u2").tobytes()
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 16, 0, len(lines), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(lines), 0, 0, 54) + header + lines
