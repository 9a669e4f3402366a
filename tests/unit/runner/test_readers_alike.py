"""Every reader gives the same pixels of a picture, or says that it can't."""

import struct
import zlib
from typing import Any

import numpy
import pytest

pytest.importorskip("torch")
pytest.importorskip("cv2")

from PIL import Image

from runner import readers
from runner.contract import Reader
from runner.readers import UnreadableImage, decode, read
from tests.unit.runner import picture_files as files
from tests.unit.runner.picture_files import ALPHA, DEEP, DEEP_RGB, DEEP_RGBA, GREY, PALETTE, RGB, png, saved, tiff

pytestmark = pytest.mark.torch

READERS: list[Reader] = ["cv2", "pil", "torchvision"]
LA, RGBA = numpy.dstack([GREY, ALPHA]), numpy.dstack([RGB, ALPHA])
DEEP_LA = numpy.dstack([DEEP, DEEP[::-1]])
COLOURS, FADING = (b"PLTE", PALETTE.tobytes()), (b"tRNS", bytes(range(256)))


def three(grey: Any) -> Any:
    return numpy.stack([grey] * 3, -1)


def upper(deep: Any) -> Any:
    return (deep >> 8).astype("uint8")


def frames(kind: str, **options: Any) -> bytes:
    others = [Image.fromarray(255 - RGB), Image.fromarray(RGB[::-1].copy())]
    return saved(RGB, kind, save_all=True, append_images=others, **options)


#: Files, and the pixels that each reader has to give of them.
SAME = {
    "16-bit-grey": (png(DEEP, 0), three(upper(DEEP))),
    "16-bit-grey-interlaced": (png(DEEP, 0, interlaced=True), three(upper(DEEP))),
    "16-bit-grey-alpha": (png(DEEP_LA, 4), three(upper(DEEP))),
    "16-bit-colour": (png(DEEP_RGB, 2), upper(DEEP_RGB)),
    "16-bit-colour-interlaced": (png(DEEP_RGB, 2, interlaced=True), upper(DEEP_RGB)),
    "16-bit-colour-alpha": (png(DEEP_RGBA, 6), upper(DEEP_RGB)),
    "16-bit-grey-with-a-transparent-one": (
        png(DEEP, 0, (b"tRNS", DEEP[3, 3:4].astype(">u2").tobytes())),
        three(upper(DEEP)),
    ),
    "grey": (png(GREY, 0), three(GREY)),
    "grey-interlaced": (png(GREY, 0, interlaced=True), three(GREY)),
    "grey-alpha": (png(LA, 4), three(GREY)),
    "colour-alpha": (png(RGBA, 6), RGB),
    "colour-interlaced": (png(RGB, 2, interlaced=True), RGB),
    "palette": (png(GREY, 3, COLOURS), PALETTE[GREY]),
    "palette-with-transparency": (png(GREY, 3, COLOURS, FADING), PALETTE[GREY]),
    "gamma": (png(RGB, 2, (b"gAMA", struct.pack(">I", 100_000))), RGB),
    "16-bit-gamma": (png(DEEP, 0, (b"gAMA", struct.pack(">I", 100_000))), three(upper(DEEP))),
    "significant-bits": (png(DEEP, 0, (b"sBIT", b"\x0a")), three(upper(DEEP))),
    "background": (png(RGBA, 6, (b"bKGD", bytes(6))), RGB),
    "one-bit": (saved(Image.fromarray(GREY).convert("1", dither=Image.Dither.NONE), "PNG"), three((GREY > 127) * 255)),
    "animated-png": (frames("PNG"), RGB),
    "animated-png-whose-picture-is-no-frame": (frames("PNG", default_image=True), RGB),
    "webp": (saved(RGB, "WEBP", lossless=True), RGB),
    "webp-alpha": (saved(RGBA, "WEBP", lossless=True, exact=True), RGB),
    "gif": (files.gif(), PALETTE[GREY]),
}
#: Those that torchvision has no decoder for.
NOT_BY_TORCHVISION = {
    "16-bit-tiff": (tiff(DEEP, 1), three(upper(DEEP))),
    "16-bit-tiff-big-endian": (tiff(DEEP, 1, ">"), three(upper(DEEP))),
    "16-bit-tiff-colour": (tiff(DEEP_RGB, 2), upper(DEEP_RGB)),
    "16-bit-tiff-colour-big-endian": (tiff(DEEP_RGB, 2, ">"), upper(DEEP_RGB)),
    "16-bit-tiff-alpha": (tiff(DEEP_RGBA, 2, t338=2), upper(DEEP_RGB)),
    "tiff": (tiff(RGB, 2), RGB),
    "tiff-whose-white-is-zero": (tiff(GREY, 0), three(255 - GREY)),
    "tiff-one-bit": (
        saved(Image.fromarray(GREY).convert("1", dither=Image.Dither.NONE), "TIFF"),
        three((GREY > 127) * 255),
    ),
    "bmp": (saved(RGB, "BMP"), RGB),
    "bmp-grey": (saved(GREY, "BMP"), three(GREY)),
    "bmp-alpha": (saved(RGBA, "BMP"), RGB),
    "ppm": (saved(RGB, "PPM"), RGB),
    "pgm-with-a-comment": (b"P5 # of a scanner\n32 24\n255\n" + GREY.tobytes(), three(GREY)),
    "animated-webp": (frames("WEBP", lossless=True), RGB),
}
EVERY = {**SAME, **NOT_BY_TORCHVISION}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_gives_the_same_pixels(name: str, reader: Reader) -> None:
    content, expected = EVERY[name]
    if reader == "torchvision" and name in NOT_BY_TORCHVISION:
        with pytest.raises(UnreadableImage, match=r"^torchvision \S+ does not read this .*; another --reader may$"):
            decode(content, reader)
    else:
        pixels = decode(content, reader)
        assert pixels.dtype == numpy.uint8
        assert numpy.array_equal(pixels, expected)


def test_the_first_frame_of_an_animated_gif_is_read() -> None:
    content = frames("GIF")
    assert numpy.array_equal(decode(content, "torchvision"), decode(content, "pil"))
    assert decode(content, "pil").shape == RGB.shape


def without(jpeg: bytes, marker: int) -> bytes:
    """Return a JPEG without the segments of a marker."""
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept += jpeg[at:end] if jpeg[at + 1] != marker else b""
        at = end
    return kept + jpeg[at:]


CMYK = saved(Image.fromarray(numpy.dstack([RGB, ALPHA // 2]), "CMYK"), "JPEG", quality=95)
TRANSFORM = CMYK.index(b"Adobe") + 11
JPEGS = {
    "baseline": saved(RGB, "JPEG"),
    "progressive": saved(RGB, "JPEG", progressive=True),
    "restarts": saved(RGB, "JPEG", restart_marker_blocks=1),
    "4:4:4": saved(RGB, "JPEG", subsampling="4:4:4"),
    "4:2:2": saved(RGB, "JPEG", subsampling="4:2:2"),
    "not-transformed": saved(RGB, "JPEG", keep_rgb=True),
    "grey": saved(GREY, "JPEG"),
    "cmyk": CMYK,
    "cmyk-not-by-adobe": without(CMYK, 0xEE),
    "ycck": CMYK[:TRANSFORM] + b"\2" + CMYK[TRANSFORM + 1 :],
    "mpo": frames("MPO"),
}


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_decoders_differ_by_three_at_most(name: str) -> None:
    first, *others = (decode(JPEGS[name], reader).astype(int) for reader in READERS)
    for other in others:
        assert numpy.abs(first - other).max() <= 3


def shifted(jpeg: bytes, marker: int, at: int, value: int) -> bytes:
    """Return the JPEG with one byte of a segment's content changed."""
    where = jpeg.index(bytes([0xFF, marker])) + 4 + at
    return jpeg[:where] + bytes([value]) + jpeg[where + 1 :]


BASELINE = JPEGS["baseline"]
REFUSED = {
    "float-tiff": (tiff(GREY.astype("float32"), 1), "a TIFF of floating-point numbers of 32 bits"),
    "half-float-tiff": (tiff(GREY.astype("float16"), 1), "a TIFF of floating-point numbers of 16 bits"),
    "32-bit-tiff": (tiff(DEEP.astype("uint32"), 1), "a TIFF of whole numbers of 32 bits"),
    "signed-tiff": (tiff(GREY.astype("int16"), 1), "a TIFF of signed numbers of 16 bits"),
    "tiff-premultiplied": (tiff(RGBA, 2, t338=1), "a TIFF of a kind that the readers do not read alike"),
    "16-bit-tiff-whose-white-is-zero": (tiff(DEEP, 0), "a TIFF of a kind that the readers do not read alike"),
    "lab-tiff": (tiff(RGB, 8), "a TIFF of a kind that the readers do not read alike"),
    "bmp-of-16-bits": (files.bmp_of_16_bits(), "a BMP of 16 bits a pixel"),
    "gif-with-transparency": (files.gif(transparent=True), "a GIF with transparency or a small frame"),
    "gif-with-a-small-frame": (files.gif(left=3), "a GIF with transparency or a small frame"),
    "pgm-of-16-bits": (b"P5 32 24 65535\n" + DEEP.astype(">u2").tobytes(), "a PPM whose white is 65535"),
    "12-bit-jpeg": (shifted(BASELINE, 0xC0, 0, 12), "a JPEG of 12 bits"),
    "lossless-jpeg": (BASELINE.replace(b"\xff\xc0", b"\xff\xc3"), "a lossless, hierarchical or arithmetic-coded JPEG"),
    "jpeg-2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200), "no BMP, GIF, JPEG, PNG, PPM, TIFF or WebP"),
    "mac-os-leftover": (b"\0\x05\x16\x07\0\2\0\0Mac OS X        ", "no BMP, GIF, JPEG, PNG, PPM, TIFF or WebP"),
    "bomb": (png(GREY[:1, :1], 0).replace(struct.pack(">II", 1, 1), struct.pack(">II", 1 << 16, 1 << 16)), "damaged"),
    "huge": (shifted(shifted(BASELINE, 0xC0, 1, 0xFF), 0xC0, 3, 0xFF), "more than any photograph has"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("reader", READERS)
def test_what_the_readers_would_not_read_alike_is_refused_by_all(name: str, reader: Reader) -> None:
    content, words = REFUSED[name]
    with pytest.raises(UnreadableImage) as caught:
        decode(content, reader)
    assert words in str(caught.value)


DAMAGED = {
    "cut-pixels": zlib.compress(bytes(500)),
    "cut-stream": zlib.compress(b"\0" * 33 * 24)[:-6],
    "unknown-filter": zlib.compress((b"\x09" + bytes(32)) * 24),
    "no-stream": b"",
    "noise": bytes(range(200)),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("reader", READERS)
def test_a_png_with_damaged_pixels_is_a_sentence(name: str, reader: Reader) -> None:
    """Decoders of torchvision ended the process."""
    with pytest.raises(UnreadableImage) as caught:
        decode(png(GREY, 0, lines=DAMAGED[name]), reader)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_png_with_leftovers_behind_its_pixels_is_read() -> None:
    lines = zlib.compress(b"".join(b"\0" + row.tobytes() for row in GREY)) + b"leftovers"
    assert numpy.array_equal(decode(png(GREY, 0, lines=lines), "torchvision"), three(GREY))


@pytest.mark.parametrize("reader", READERS)
def test_damaged_pixels_of_16_bits_are_a_sentence(reader: Reader) -> None:
    with pytest.raises(UnreadableImage):
        decode(png(DEEP, 0, lines=zlib.compress(bytes(100))), reader)


@pytest.mark.parametrize("reader", READERS)
def test_no_error_shows_a_decoder_s_own_source(reader: Reader) -> None:
    broken = BASELINE.replace(b"\xff\xdb", b"\xff\xfe")  # without the tables of its coefficients
    with pytest.raises(UnreadableImage) as caught:
        decode(broken, reader)
    assert not {"/", "<", "\n"} & set(str(caught.value))


@pytest.mark.parametrize("old", ["16-bit-grey", "colour-interlaced", "webp", "gif"])
def test_an_old_torchvision_is_not_asked_for_what_it_breaks(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.compat.HAS_RENEWED_DECODERS", False)
    with pytest.raises(UnreadableImage, match="does not read this"):
        decode(SAME[old][0], "torchvision")
    assert decode(SAME["palette"][0], "torchvision").shape == RGB.shape
    assert decode(BASELINE, "torchvision").shape == RGB.shape


@pytest.mark.parametrize("name", ["4:4:0", "cmyk"])
def test_an_old_torchvision_reads_no_jpeg_with_other_channels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.compat.HAS_RENEWED_DECODERS", False)
    upright = shifted(saved(RGB, "JPEG", subsampling="4:2:2"), 0xC0, 7, 0x12)
    with pytest.raises(UnreadableImage, match="does not read this JPEG as the other readers do"):
        decode(CMYK if name == "cmyk" else upright, "torchvision")


TURNED_BY_OPENCV = ["JPEG", "PNG", "TIFF"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_became_of_the_orientation_is_told(kind: str, orientation: int, order: str) -> None:
    content = files.turned(kind, orientation, order=order)
    for reader in ("cv2", "pil") if kind == "TIFF" else READERS:
        found = read(content, reader)
        expected = {1: RGB, 3: RGB[::-1, ::-1], 6: numpy.rot90(RGB, -1)}[orientation if found.followed else 1]
        assert found.pixels.shape == expected.shape
        assert numpy.abs(found.pixels.astype(int) - expected).max() < (60 if kind == "JPEG" else 1)
        assert found.orientation == orientation
        assert (found.followed is None) == (orientation == 1)
        if reader == "cv2" and kind in TURNED_BY_OPENCV and orientation > 1:
            assert found.followed
        if reader != "cv2" and kind != "TIFF" and orientation > 1:
            assert not found.followed


def test_a_square_picture_tells_whether_it_was_turned_too() -> None:
    content = files.turned("PNG", 6, numpy.ascontiguousarray(RGB[:, :24]))
    assert [read(content, reader).followed for reader in READERS] == [True, False, False]


def test_a_picture_is_read_again_only_where_its_size_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    once = readers._READERS["cv2"]

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return once(*arguments)

    monkeypatch.setitem(readers._READERS, "cv2", counted)
    for orientation, times in ((1, 1), (6, 1), (3, 2)):
        calls.clear()
        read(files.turned("JPEG", orientation), "cv2")
        assert len(calls) == times


def test_pillow_reads_large_pictures_without_a_warning() -> None:
    content = saved(Image.new("1", (10_000, 9_000)), "BMP")
    assert decode(content, "pil").shape == (9_000, 10_000, 3)
