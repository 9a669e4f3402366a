"""A demo that can't go where it is to go is refused before anything is detected for it."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from harness import showing
from harness.clips.sources import Bundled
from harness.errors import BadInput, StorageError
from harness.host.gpus import Gpus
from harness.preflight.checks import Preflight
from harness.progress import Silent


def shown(given: Path, out: Path | None, beside: str | None = None) -> None:
    wish = showing.Showing("ssd300_vgg16", str(given), "local", "random", side_by_side=beside)
    with Preflight() as preflight:
        preflight.gpus = Gpus([])
        showing.start(wish, [], preflight, Silent(), out)


def test_a_clip_never_takes_the_place_of_what_it_is_made_from(tmp_path: Path) -> None:
    video, picture = tmp_path / "street.mp4", tmp_path / "a.png"
    video.write_bytes(b"a person's only copy")
    Image.new("RGB", (8, 8)).save(picture)
    for given, out in ((video, video), (tmp_path, picture)):
        kept = out.read_bytes()
        with pytest.raises(BadInput, match=rf"^-o .*{out.name} is what the clip is made from"):
            shown(given, out)
        assert out.read_bytes() == kept


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    return folder


def test_a_clip_is_no_folder_nor_of_another_kind(pictures: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, reason in {
        "": "is a folder",
        "x.avi": "does not end in .mp4, and a clip is nothing else; name it x.mp4",
        "pipe.mp4": "is no file that a clip could take the place of",
    }.items():
        with pytest.raises(BadInput, match=rf"^-o .*{name} {reason}"):
            shown(pictures, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"pictures", "pipe.mp4"}


@pytest.mark.parametrize("name", [".mp4", "x.MP4", "-.mp4"])
def test_a_name_in_mp4_is_taken_however_it_is_written(tmp_path: Path, name: str) -> None:
    showing._require_place(tmp_path / name, "bundled")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_takes_no_clip_is_known_before(pictures: Path) -> None:
    with pytest.raises(StorageError, match=r"a.png/x.mp4 can't be written: Not a directory; choose another --out"):
        shown(pictures, pictures / "a.png" / "x.mp4")


def test_a_place_that_may_not_be_looked_at_is_one_sentence(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_: object) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(showing, "is_read", refused)
    with pytest.raises(
        StorageError, match=r"x.mp4 can't be written: Permission denied; give this user the right to it"
    ):
        shown(pictures, pictures / "x.mp4")


@pytest.mark.parametrize(("width", "beside"), [(16400, None), (8200, "local")])
def test_frames_that_no_clip_can_have_are_known_before(tmp_path: Path, width: int, beside: str | None) -> None:
    Image.new("RGB", (width, 4)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"a clip in h264 can't have frames of 164\d\d x \d+ pixels; scale what"):
        shown(tmp_path, None, beside)


def test_a_clip_that_can_not_be_copied_is_said_to_be_in_the_run(tmp_path: Path) -> None:
    (tmp_path / "demo.mp4").touch()
    with pytest.raises(StorageError, match=r"choose another --out; the clip itself is .*/demo.mp4\.$"):
        showing._copy(tmp_path / "demo.mp4", tmp_path / "demo.mp4" / "x.mp4")


@pytest.mark.parametrize("beside", ["local", "ssd300_vgg16"])
def test_nothing_is_compared_with_itself(pictures: Path, beside: str) -> None:
    with pytest.raises(BadInput, match=f"--side-by-side {beside} is what is shown already; name another"):
        shown(pictures, None, beside)


def test_what_is_neither_an_environment_nor_a_model_is_told_as_that(pictures: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no environment or model 'cuda10'; did you mean cuda10\.2\?"):
        shown(pictures, None, "cuda10")
    with pytest.raises(BadInput, match=r"'nothing'; known are cpu, .*local, .*ssd300_vgg16"):
        shown(pictures, None, "nothing")


@pytest.mark.parametrize(("best", "remarks"), [(0.0, ["nothing was detected"]), (0.25, ["no detection"]), (0.5, [])])
def test_why_nothing_is_drawn_is_said(best: float, remarks: list[str]) -> None:
    staging: Any = SimpleNamespace(drawn=3, view=SimpleNamespace(best=best))
    said = showing._remarks(staging, Bundled(), showing.Showing("ssd300_vgg16", "bundled"))
    assert [each[: len(remark)] for each, remark in zip(said, remarks, strict=True)] == remarks
