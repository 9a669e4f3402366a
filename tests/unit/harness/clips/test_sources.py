"""What is shown: pictures of a folder in one size, figures in motion, and nothing that is nothing."""

import errno
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.clips.sources import Bundled, First, Stills, is_read, source_of
from harness.data.shapes import clip
from harness.errors import BadInput, StorageError


def test_the_bundled_clip_is_the_same_each_time_and_moves() -> None:
    one, two = ([drawn.pixels for drawn in clip.draw(7, 3)] for _ in range(2))
    assert all(np.array_equal(first, second) for first, second in zip(one, two, strict=True))
    assert one[0].shape == (clip.HEIGHT, clip.WIDTH, 3)
    assert (one[0] != one[1]).any(axis=2).mean() > 0.01


def test_the_first_frames_of_the_bundled_clip() -> None:
    first = First(Bundled(), 2)
    assert (first.most, first.name, first.broke_off) == (2, "bundled", None)
    assert [frame.seconds for frame in first.frames()] == [0.0, 1 / clip.RATE]


def test_pictures_of_mixed_sizes_stand_in_the_middle_of_one(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "b.png")
    Image.new("L", (20, 80), 255).save(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text("no picture")
    folder = source_of(str(tmp_path))
    first, second = folder.frames()
    assert folder.most == 2
    assert first.pixels.shape == second.pixels.shape == (80, 60, 3)
    assert first.pixels[40, 30].tolist() == [255, 255, 255]
    assert second.pixels[:, 30, 0].tolist() == [0] * 20 + [255] * 40 + [0] * 20
    assert [(frame.seconds, frame.lasts) for frame in (first, second)] == [(0.0, 1.0), (1.0, 1.0)]


def test_a_turned_picture_is_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (60, 40))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    (frame,) = source_of(str(tmp_path)).frames()
    assert frame.pixels.shape == (60, 40, 3)


def test_one_picture_is_shown_as_in_a_folder_of_it(tmp_path: Path) -> None:
    picture = Image.new("RGB", (60, 40), "red")
    picture.paste("blue", (0, 0, 30, 40))
    exif = picture.getexif()
    exif[0x0112] = 2  # as in a mirror
    picture.save(tmp_path / "a.jpg", exif=exif)
    (frame,) = source_of(str(tmp_path / "a.jpg")).frames()
    assert frame.lasts == 1.0
    assert frame.pixels[20, 10, 0] > 200 > 50 > frame.pixels[20, 50, 0]


def test_a_picture_that_moves_is_a_video(tmp_path: Path) -> None:
    one, two = (Image.new("RGB", (60, 40), name) for name in ("red", "blue"))
    one.save(tmp_path / "a.gif", save_all=True, append_images=[two], duration=200)
    frames = list(source_of(str(tmp_path / "a.gif")).frames())
    assert [frame.seconds for frame in frames] == [0.0, 0.2]
    one.save(tmp_path / "b.jpg", "MPO", save_all=True, append_images=[two])  # as phones have it: two, and none moves
    (frame,) = source_of(str(tmp_path / "b.jpg")).frames()
    assert frame.lasts == 1.0


def test_of_a_large_picture_nothing_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 40 - 1)
    with warnings.catch_warnings(record=True) as warned:
        assert len(list(source_of(str(tmp_path)).frames())) == 1
    assert warned == []


def test_a_picture_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    shades = np.array([[0, 256, 32768, 65535]], np.uint16)
    Image.fromarray(shades).save(tmp_path / "a.png")
    (frame,) = source_of(str(tmp_path)).frames()
    assert frame.pixels.tolist() == [[[shade] * 3 for shade in (0, 1, 128, 255)]]


def test_the_size_of_pictures_is_known_without_decoding_them(tmp_path: Path) -> None:
    Image.effect_noise((60, 40), 50).save(tmp_path / "a.jpg")
    Image.new("L", (20, 20)).save(tmp_path / "b.png")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    assert Stills("", [tmp_path / "a.jpg", tmp_path / "b.png"]).size == (40, 60)


def test_what_is_read_is_the_video_itself_or_a_picture_of_the_folder(tmp_path: Path) -> None:
    video, picture, other = (tmp_path / name for name in ("a.mp4", "b.PNG", "notes.txt"))
    for path in (video, picture, other):
        path.touch()
    (tmp_path / "link.mp4").symlink_to(video)
    assert is_read(video, str(video)) and is_read(tmp_path / "link.mp4", str(video))
    assert not is_read(video, str(picture)) and not is_read(tmp_path / "new.mp4", str(video))
    assert is_read(picture, str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "out.mp4").symlink_to(picture)
    assert is_read(elsewhere / "out.mp4", str(tmp_path))
    assert not is_read(other, str(tmp_path)) and not is_read(video, str(tmp_path))
    assert not is_read(video, "bundled")


def test_what_can_not_be_shown_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no .*nowhere.mp4; name a video, a folder of pictures, or bundled"):
        source_of(str(tmp_path / "nowhere.mp4"))
    (tmp_path / "._a.png").touch()  # as a stick has them that a Mac has written to
    with pytest.raises(BadInput, match="holds no pictures"):
        source_of(str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(BadInput, match=r"the picture .*a.png can't be read"):
        list(source_of(str(tmp_path)).frames())
    (tmp_path / "b.png").mkdir()  # is none of the pictures
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"the picture .*a.png can't be read: it is no file"):
        list(source_of(str(tmp_path)).frames())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match=r"pipe is neither a file nor a folder; name a video"):
        source_of(str(tmp_path / "pipe"))


def test_what_may_not_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    (tmp_path / "clip.mp4").touch()
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(
        StorageError, match=r"clip.mp4 can't be read: Permission denied; give this user the right to it"
    ):
        source_of(str(tmp_path / "clip.mp4"))


def test_a_name_that_no_file_can_have_is_one_sentence() -> None:
    with pytest.raises(StorageError, match="can't be read: File name too long; choose a shorter name"):
        source_of("a" * 300)
