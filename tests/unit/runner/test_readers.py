import io
from pathlib import Path
from typing import Any

import numpy
import pytest

pytest.importorskip("torch")
pytest.importorskip("cv2")

from PIL import Image

from runner.contract import Reader
from runner.readers import UnreadableImage, decode

pytestmark = pytest.mark.torch

READERS: list[Reader] = ["cv2", "pil", "torchvision"]
#: Twice as wide as high, red on the left and blue on the right, in blocks as large as a JPEG's.
COLOURS = numpy.zeros((32, 64, 3), "uint8")
COLOURS[:, :32] = (250, 10, 20)
COLOURS[:, 32:] = (10, 20, 250)
#: EXIF's orientation tag, and its value for a picture to be turned clockwise before it is shown.
ORIENTATION, CLOCKWISE = 274, 6


def encoded(pixels: Any = COLOURS, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=kind, **options)
    return stream.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = CLOCKWISE
    return encoded(exif=exif)


@pytest.mark.parametrize("reader", READERS)
def test_colours_are_red_green_blue(reader: Reader) -> None:
    pixels = decode(encoded(quality=95), reader)
    assert (pixels.shape, pixels.dtype) == ((32, 64, 3), numpy.uint8)
    inside = [*range(8, 24), *range(40, 56)]  # JPEG mixes the colours where they meet
    assert numpy.abs(pixels.astype(int) - COLOURS)[:, inside].max() <= 4


@pytest.mark.parametrize("reader", READERS)
def test_a_lossless_picture_is_the_same_to_every_reader(reader: Reader) -> None:
    pixels = numpy.random.default_rng(0).integers(0, 256, (20, 30, 3), "uint8")
    assert (decode(encoded(pixels, "PNG"), reader) == pixels).all()


@pytest.mark.parametrize("reader", READERS)
def test_a_grey_picture_has_three_equal_channels(reader: Reader) -> None:
    pixels = decode(encoded(COLOURS[:, :, 0]), reader)
    assert pixels.shape == (32, 64, 3)
    assert (pixels[:, :, 0] == pixels[:, :, 1]).all()
    assert (pixels[:, :, 0] == pixels[:, :, 2]).all()


def test_only_opencv_turns_a_picture_as_its_exif_says() -> None:
    assert decode(turned(), "cv2").shape == (64, 32, 3)
    assert decode(turned(), "pil").shape == decode(turned(), "torchvision").shape == (32, 64, 3)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_truncated_picture_is_refused(reader: Reader, kind: str, share: float) -> None:
    content = encoded(numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8"), kind)
    with pytest.raises(UnreadableImage):
        decode(content[: int(len(content) * share)], reader)


@pytest.mark.parametrize("reader", READERS)
def test_a_truncated_progressive_jpeg_with_a_thumbnail_is_refused(reader: Reader) -> None:
    noise = numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    content = encoded(noise, progressive=True)
    exif = b"\xff\xe1" + (len(encoded()) + 2).to_bytes(2, "big") + encoded()
    whole = content[:2] + exif + content[2:]
    assert decode(whole, reader).shape == (64, 64, 3)
    with pytest.raises(UnreadableImage, match="breaks off"):
        decode(whole[: len(whole) * 2 // 3], reader)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xd9", b"GIF89a"])
def test_what_is_no_picture_is_refused(reader: Reader, content: bytes) -> None:
    with pytest.raises(UnreadableImage):
        decode(content, reader)


@pytest.mark.parametrize("reader", READERS)
def test_bytes_after_the_end_do_no_harm(reader: Reader) -> None:
    assert decode(encoded() + b"\x00" * 100, reader).shape == (32, 64, 3)


def test_a_photograph_is_read_by_all(tmp_path: Path) -> None:
    content = (Path(__file__).parents[3] / "data" / "photographs" / "cat.jpg").read_bytes()
    shapes = {decode(content, reader).shape for reader in READERS}
    assert len(shapes) == 1
