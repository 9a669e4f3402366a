"""Pictures are walked from start to end: what lies behind is nobody's business, what is missing is noticed."""

import os
import struct
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runner.pictures import examine, load, told
from runner.pictures.format import UnreadableImage
from tests.unit.runner import picture_files as files
from tests.unit.runner.picture_files import RGB, exif, png, saved, segment, with_segment

unhurried = settings(deadline=None, max_examples=150)
NOISE = numpy.random.default_rng(0).integers(0, 256, (64, 80, 3), "uint8")
THUMBNAIL = b"Exif\0\0" + exif(1) + saved(RGB, "JPEG")
JPEGS = {
    "baseline": saved(NOISE, "JPEG"),
    "progressive": saved(NOISE, "JPEG", progressive=True),
    "restarts": saved(NOISE, "JPEG", restart_marker_blocks=2),
    "thumbnail": with_segment(saved(NOISE, "JPEG", progressive=True), 0xE1, THUMBNAIL),
    "fill-bytes": saved(NOISE, "JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb").replace(b"\xff\xd9", b"\xff\xff\xd9"),
    "comment-with-markers": with_segment(saved(NOISE, "JPEG"), 0xFE, b"\xff\xd9 \xff\xda \xff\xd8"),
    "several": saved(
        NOISE, "MPO", save_all=True, append_images=[Image.fromarray(NOISE[::-1].copy()), Image.fromarray(RGB)]
    ),
}
OTHERS = {
    "TIFF": files.tiff(NOISE, 2),
    "TIFF of Motorola": files.tiff(NOISE, 2, ">"),
    "TIFF with its directory behind": saved(NOISE, "TIFF", compression="tiff_lzw"),
    "TIFF of JPEG": saved(NOISE, "TIFF", compression="jpeg"),
    "TIFF of colours by number": saved(Image.fromarray(NOISE).quantize(200), "TIFF"),
    "BMP": saved(NOISE, "BMP"),
    "BMP of two colours": saved(Image.fromarray(NOISE).convert("1"), "BMP"),
    "PPM": saved(NOISE, "PPM"),
    "PGM": saved(NOISE[:, :, 0], "PPM"),
    "GIF": saved(NOISE, "GIF"),
    "WebP": saved(NOISE, "WEBP"),
}
PNGS = {"plain": png(NOISE, 2), "interlaced": png(NOISE, 2, interlaced=True), "16 bits": png(NOISE.astype("u2"), 2)}
WHOLE = {**JPEGS, **PNGS}
#: What phones, cameras and editors leave behind the end, and what would look like a part of a picture.
BEHIND = {
    "video": b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40,
    "scan": b"\xff\xda" + bytes(100),
    "start-of-a-jpeg": JPEGS["baseline"][:200],
    "jpeg": JPEGS["progressive"],
    "png": PNGS["plain"],
    "pixels-of-a-png": PNGS["plain"][60:],
    "a-byte": b"\xff",
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("name", WHOLE)
def test_data_behind_the_end_do_no_harm(name: str, behind: str) -> None:
    found = examine(WHOLE[name] + BEHIND[behind])
    assert found == examine(WHOLE[name])
    assert (found.height, found.width) == NOISE.shape[:2]


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_that_break_off_are_refused(name: str) -> None:
    whole = OTHERS[name]
    found = examine(whole + bytes(9))
    assert (found.height, found.width) == NOISE.shape[:2]
    for length in (20, len(whole) // 5, len(whole) // 2, len(whole) - 10):
        with pytest.raises(UnreadableImage, match="breaks off"):
            examine(whole[:length])


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.8])
def test_what_breaks_off_is_refused(name: str, share: float) -> None:
    first = len(saved(NOISE, "JPEG")) if name == "several" else len(WHOLE[name])
    with pytest.raises(UnreadableImage, match="breaks off"):
        examine(WHOLE[name][: int(first * share)])


@pytest.mark.parametrize("name", ["baseline", "progressive", "thumbnail", *PNGS])
@pytest.mark.parametrize("missing", [1, 2, 9])
def test_the_very_end_is_looked_for(name: str, missing: int) -> None:
    with pytest.raises(UnreadableImage, match="breaks off"):
        examine(WHOLE[name][:-missing])


KINDS = [*WHOLE.values(), files.gif(), saved(RGB, "BMP"), saved(RGB, "WEBP"), files.tiff(RGB, 2), saved(RGB, "PPM")]


@unhurried
@given(st.sampled_from(KINDS), st.data())
def test_garbage_is_a_sentence_at_most(content: bytes, data: Any) -> None:
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, min(len(changed), 300) - 1))] = data.draw(st.integers(0, 255))
    try:
        examine(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    except UnreadableImage as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_found_in_every_kind(kind: str, order: str) -> None:
    for value in range(1, 9):
        found = examine(files.turned(kind, value, order=order))
        assert found.orientation is not None
        assert found.orientation.values[0] == value
        assert (found.height, found.width) == RGB.shape[:2]


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_orientation_that_means_nothing_is_none(value: int) -> None:
    assert examine(files.turned("JPEG", value)).orientation is None
    assert examine(files.turned("TIFF", value)).orientation is None


def tagged(content: bytes) -> bytes:
    return with_segment(saved(RGB, "JPEG"), 0xE1, b"Exif\0\0" + content)


GARBAGE = {
    "nothing": b"",
    "no-order": b"XX*\0" + exif(6)[4:],
    "cut": exif(6)[:15],
    "far-away": b"II*\0\xff\xff\xff\x7f",
    "many-fields": b"II*\0\x08\0\0\0\xff\xff",
    "other-fields": exif(6).replace(struct.pack("<H", 274), struct.pack("<H", 275)),
    "text": exif(6).replace(struct.pack("<HH", 274, 3), struct.pack("<HH", 274, 2)),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_exif_that_is_garbage_has_no_orientation(name: str) -> None:
    assert examine(tagged(GARBAGE[name])).orientation is None


@pytest.mark.parametrize(("kind", "order"), [(1, "<"), (1, ">"), (4, "<"), (4, ">")])
def test_an_orientation_may_be_another_whole_number(kind: int, order: str) -> None:
    found = examine(tagged(exif(6, order, kind))).orientation
    assert found is not None
    assert found.values == (6,)


def test_the_first_exif_counts() -> None:
    other = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>") + segment(0xE1, b"Exif\0\0" + exif(3))
    content = tagged(exif(6))
    found = examine(content[:2] + other + content[2:]).orientation
    assert found is not None
    assert found.values == (3,)


def test_a_picture_without_pixels_is_refused() -> None:
    for content in (b"\xff\xd8\xff\xd9", png(RGB, 2).replace(b"IDAT", b"teXt")):
        with pytest.raises(UnreadableImage, match=r"without a picture|damaged"):
            examine(content)


def test_what_is_no_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "album.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "link.jpg").symlink_to("nowhere")
    reasons = {
        "album.jpg": "no file",
        "pipe.jpg": "no file",
        "loop.jpg": "symbolic links",
        "link.jpg": "No such file",
        "gone.jpg": "No such file",
        "a\0b.jpg": "null",
    }
    for name, words in reasons.items():
        with pytest.raises(UnreadableImage, match=words):
            load(tmp_path / name)


def test_a_picture_that_is_not_there_is_named_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    assert told("a.jpg", path, "No such file") == f"the image a.jpg can't be read: No such file (looked for at {path})"
    path.write_bytes(b"")
    assert told("a.jpg", path, "the file is empty") == "the image a.jpg can't be read: the file is empty"
