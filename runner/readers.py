"""Decodes picture files to pixels, each reader in its own way: who decodes is part of what was measured.

OpenCV turns a picture as its EXIF orientation says; Pillow and torchvision leave it as it is stored. All three give
grey pictures three equal channels.
"""

import io
from typing import Any, Callable, Dict

import numpy

from runner.contract import Reader

Pixels = Any  # a (height, width, 3) uint8 array, RGB


class UnreadableImage(Exception):
    """A file is no picture, or not a whole one."""


def decode(content: bytes, reader: Reader) -> Pixels:
    """Return the RGB pixels of a picture file. Raises UnreadableImage."""
    _require_complete(content)
    try:
        return _READERS[reader](content)
    except UnreadableImage:
        raise
    except Exception as error:  # no reader has an error of its own for what is broken, or too large to be honest
        raise UnreadableImage(str(error)) from error


def _require_complete(content: bytes) -> None:
    """Refuse a JPEG or PNG that breaks off: OpenCV, for one, would fill the rest with grey."""
    if content.startswith(b"\xff\xd8"):
        complete = content.rfind(b"\xff\xd9") > content.rfind(
            b"\xff\xda"
        )  # an end of image after the last scan's start
    elif content.startswith(b"\x89PNG"):
        complete = b"IEND" in content[-64:]
    else:
        complete = bool(content)
    if not complete:
        raise UnreadableImage("the file breaks off")


def _by_opencv(content: bytes) -> Pixels:
    import cv2

    pixels = cv2.imdecode(numpy.frombuffer(content, numpy.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise UnreadableImage("OpenCV does not read it")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _by_pillow(content: bytes) -> Pixels:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as picture:
        return numpy.array(picture.convert("RGB"))


def _by_torchvision(content: bytes) -> Pixels:
    import torch
    from torchvision.io import ImageReadMode, decode_image

    coded = torch.from_numpy(numpy.frombuffer(content, numpy.uint8).copy())
    return decode_image(coded, ImageReadMode.RGB).permute(1, 2, 0).contiguous().numpy()


_READERS: Dict[Reader, Callable[[bytes], Pixels]] = {
    "cv2": _by_opencv,
    "pil": _by_pillow,
    "torchvision": _by_torchvision,
}
