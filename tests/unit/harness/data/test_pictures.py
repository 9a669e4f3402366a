"""Which files of a folder are taken for pictures, and what is said of those that can't be."""

import hashlib
import os
import socket
from pathlib import Path

import pytest

from harness.data import pictures
from harness.errors import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    (place / "m.jpg").write_bytes(b"a picture")
    return place


def names(folder: Path) -> list[str]:
    return [picture.name for picture in pictures.pictures(folder, at_most=9)]


def test_hidden_files_and_folders_are_passed_over(folder: Path) -> None:
    (folder / "._m.jpg").write_bytes(b"\0\5\x16\7")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "album.jpg").mkdir()
    (folder / "shortcut.jpg").symlink_to(folder / "album.jpg")
    (folder / "notes.txt").write_text("none")
    assert names(folder) == ["m.jpg"]


def test_a_link_to_a_picture_is_one(folder: Path) -> None:
    (folder / "n.jpg").symlink_to("m.jpg")
    one, two = pictures.pictures(folder, at_most=9)
    assert one.sha256 == two.sha256 == hashlib.sha256(b"a picture").hexdigest()


def test_a_folder_of_hidden_files_alone_holds_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "._m.jpg").write_bytes(b"x")
    with pytest.raises(BadInput, match="holds no pictures"):
        names(tmp_path)


def refused(folder: Path, name: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        names(folder)
    assert caught.value.exit_code == 2
    assert str(folder / name) in str(caught.value)
    assert words in str(caught.value)


def test_a_broken_link_is_a_sentence(folder: Path) -> None:
    (folder / "a.jpg").symlink_to("/nowhere")
    refused(folder, "a.jpg", "is a link to nothing")


def test_links_in_a_circle_are_a_sentence(folder: Path) -> None:
    (folder / "a.jpg").symlink_to("b.jpg")
    (folder / "b.jpg").symlink_to("a.jpg")
    refused(folder, "a.jpg", "is a link to nothing")


def test_an_empty_file_is_a_sentence(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"")
    refused(folder, "a.jpg", "is empty")


def test_a_pipe_or_a_socket_is_a_sentence_and_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "a.jpg")
    refused(folder, "a.jpg", "is no file")
    (folder / "a.jpg").unlink()
    monkeypatch.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("b.jpg")
        refused(folder, "b.jpg", "is no file")


def test_a_file_that_may_not_be_read_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.jpg").write_bytes(b"x")
    (folder / "a.jpg").chmod(0)
    if os.geteuid() == 0:  # who may read everything
        monkeypatch.setattr(pictures, "sha256_of", forbidden)
    refused(folder, "a.jpg", "can't be read: Permission denied")


def forbidden(path: Path) -> str:
    raise PermissionError(13, "Permission denied", str(path))


def test_a_name_that_is_not_utf_8_is_a_sentence(folder: Path) -> None:
    try:
        (folder / os.fsdecode(b"a\xff.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(BadInput, match="is not UTF-8; rename it"):
        names(folder)


def test_what_is_not_taken_does_not_matter(folder: Path) -> None:
    (folder / "z.jpg").symlink_to("/nowhere")
    assert [picture.name for picture in pictures.pictures(folder, at_most=1)] == ["m.jpg"]
