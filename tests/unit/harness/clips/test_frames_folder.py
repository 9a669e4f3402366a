"""Frames lie in a folder of their own, and what killed demos left there is removed by the next one."""

import os
import time
from pathlib import Path

import pytest

from harness.clips.frames_folder import PREFIX, frames_folder
from harness.documents.run_folder import is_held
from harness.errors import StorageError
from runner.contract.arrivals import PATIENCE_S


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left_behind(folder: Path, seconds: float = 2 * PATIENCE_S) -> Path:
    """Make `folder` look as if nothing came or went in it for so long."""
    folder.mkdir(exist_ok=True)
    (folder / "000000.ppm").touch()
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_a_folder_is_held_while_it_is_used_and_gone_afterwards(place: Path) -> None:
    with frames_folder() as folder:
        assert folder.parent == place
        assert is_held(folder)
        (folder / "000000.ppm").touch()
    assert list(place.iterdir()) == []


def test_what_a_killed_demo_left_goes_and_what_is_in_use_stays(place: Path) -> None:
    abandoned, young = left_behind(place / f"{PREFIX}abandoned"), left_behind(place / f"{PREFIX}young", seconds=1)
    others = left_behind(place / "something-else")
    link = place / f"{PREFIX}link"
    link.symlink_to(others)
    os.utime(link, (0, 0), follow_symlinks=False)
    with frames_folder() as used:
        left_behind(used)
        with frames_folder():
            assert used.is_dir()
    assert not abandoned.exists()
    assert young.is_dir() and link.is_symlink() and (others / "000000.ppm").exists()


def test_where_none_can_be_made_a_sentence_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place / "missing"))
    with pytest.raises(StorageError, match="the frames' folder can't be made"), frames_folder():
        pass
