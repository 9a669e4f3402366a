"""Decodes picture files to pixels, each reader in its own way: who decodes is part of what was measured.

All readers give the same pixels, but for what JPEG decoders may round (3 of 255) and for turning: OpenCV turns a
picture as its EXIF orientation says, Pillow and torchvision leave it as it is stored (Pillow, but for a TIFF). Grey
becomes three equal channels, transparency is left out, 16 bits become their upper 8, of several pictures the first is
read. What a reader would read in another way, it refuses.
"""

import io
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

import numpy

from runner import pictures
from runner.contract import Reader
from runner.pictures import png
from runner.pictures.format import Format, UnreadableImage, upright

__all__ = ["Decoded", "UnreadableImage", "decode", "read"]

Pixels = Any  # a (height, width, 3) uint8 array, RGB
#: EXIF orientations that exchange height and width.
_SIDEWAYS = range(5, 9)


@dataclass(frozen=True)
class Decoded:
    """A picture's pixels, its EXIF orientation, 1 to 8 or None, and whether the reader turned it accordingly.

    Where there is nothing to turn, `followed` is None.
    """

    pixels: Pixels
    orientation: Optional[int]
    followed: Optional[bool]


def decode(content: bytes, reader: Reader) -> Pixels:
    """Return the RGB pixels of a picture file. Raises UnreadableImage."""
    return _decoded(content, reader, pictures.examine(content))


def read(content: bytes, reader: Reader) -> Decoded:
    """Return the RGB pixels of a picture file, and what became of its orientation. Raises UnreadableImage."""
    stored = pictures.examine(content)
    pixels = _decoded(content, reader, stored)
    if stored.orientation is None:
        return Decoded(pixels, None, None)
    tag = stored.orientation.values[0]
    return Decoded(pixels, tag, None if tag == 1 else _followed(content, reader, stored, pixels))


def _followed(content: bytes, reader: Reader, stored: Format, pixels: Pixels) -> bool:
    """Tell whether the reader turned the picture: by its size, or else by reading it without its tag."""
    assert stored.orientation is not None  # noqa: S101 -- for the type alone
    if stored.orientation.values[0] in _SIDEWAYS and stored.height != stored.width:
        return bool(pixels.shape[:2] == (stored.width, stored.height))
    untagged = upright(content, stored.orientation)
    if stored.kind == "PNG":
        untagged = png.sealed(untagged, stored.orientation.at)
    return not numpy.array_equal(_decoded(untagged, reader, stored), pixels)


def _decoded(content: bytes, reader: Reader, stored: Format) -> Pixels:
    try:
        return _eight_bits(_READERS[reader](content, stored), stored)
    except UnreadableImage:
        raise
    except Exception as error:  # no reader has an error of its own for what is broken
        raise UnreadableImage(f"{_NAMES[reader]} can't decode this {stored.kind}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return the first line of an error, unless it speaks of places in somebody's source or memory."""
    line = str(error).strip().partition("\n")[0]
    return "it gives no reason" if not line or {"/", "<"} & set(line) else line


def _eight_bits(pixels: Any, stored: Format) -> Pixels:
    """Return the upper 8 bits of each channel."""
    if stored.bits > 8 and pixels.dtype != numpy.uint8:
        return (pixels >> 8).astype(numpy.uint8)
    if pixels.dtype != numpy.uint8:
        raise UnreadableImage(f"it came as {pixels.dtype}, though its header says {stored.bits} bits")
    return pixels


def _by_opencv(content: bytes, stored: Format) -> Any:
    import cv2

    if (stored.kind, stored.alpha, stored.bits) == ("TIFF", True, 8):
        raise UnreadableImage("OpenCV mixes the transparency of a TIFF into its colours; --reader pil does not")
    whole = png.still(content) if stored.kind == "PNG" and stored.animated else content
    # ANYDEPTH: without it, OpenCV rounds 16 bits in another way for each kind of file.
    pixels = cv2.imdecode(numpy.frombuffer(whole, numpy.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if pixels is None:
        raise UnreadableImage(f"OpenCV {cv2.__version__} does not read this {stored.kind}")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _by_pillow(content: bytes, stored: Format) -> Any:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the size has been looked at
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()  # here, since NumPy would swallow its errors
        if picture.mode.startswith("I"):  # 16 bits of grey; Pillow would cut off all above 255
            return numpy.stack([numpy.array(picture)] * 3, axis=-1)
        picture.info.pop("transparency", None)  # Pillow would warn that it is left out
        return numpy.array(picture.convert("RGB"))


def _by_torchvision(content: bytes, stored: Format) -> Any:
    import torch
    from torchvision.io import ImageReadMode, decode_image

    _require_torchvision_reads(stored)
    if stored.kind == "PNG":
        png.require_sound(content)
    coded = torch.from_numpy(numpy.frombuffer(content, numpy.uint8).copy())
    pixels = decode_image(coded, ImageReadMode.RGB)
    first = pixels[0] if pixels.dim() == 4 else pixels  # of an animated GIF
    return first.permute(1, 2, 0).contiguous().numpy()


def _require_torchvision_reads(stored: Format) -> None:
    """Raise UnreadableImage where this torchvision does not decode such a picture as the other readers do."""
    import torchvision

    from runner.compat import HAS_RENEWED_DECODERS

    kind = stored.kind
    if HAS_RENEWED_DECODERS:
        reads = kind in _NEW_KINDS and not (kind == "WebP" and stored.animated)
    elif kind == "PNG":
        reads = stored.bits == 8 and not stored.interlaced
    else:
        reads = kind == "JPEG" and stored.sampling in _OLD_SAMPLINGS
    if not reads:
        raise UnreadableImage(
            f"torchvision {torchvision.__version__} does not read this {stored.described} as the other readers do; "
            "another --reader may"
        )


_NEW_KINDS = {"GIF", "JPEG", "PNG", "WebP"}
#: Of JPEG: grey, and colours whose channels are as many as the brightness, or half or a quarter of it in a row.
_OLD_SAMPLINGS = {((1, 1),), *(((h, v), (1, 1), (1, 1)) for h, v in ((1, 1), (2, 1), (2, 2), (4, 1)))}
_NAMES: Dict[Reader, str] = {"cv2": "OpenCV", "pil": "Pillow", "torchvision": "torchvision"}
_READERS: Dict[Reader, Callable[[bytes, Format], Any]] = {
    "cv2": _by_opencv,
    "pil": _by_pillow,
    "torchvision": _by_torchvision,
}
