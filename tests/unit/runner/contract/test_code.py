"""What a folder of code is known by: all that Python runs of it, and nothing that changes by itself."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.contract import Code
from runner.contract import code as code_module
from runner.contract.code import UnusableCodeError, builder_of, folder_sha256, own_name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "mine").mkdir(parents=True)
    (root / "mine" / "tiny.py").write_text("one = 1\n")
    (root / "weights.bin").write_bytes(b"\0" * 9)
    return root


def test_the_hash_is_of_paths_and_contents(folder: Path) -> None:
    first = folder_sha256(folder)
    (folder / "mine" / "tiny.py").write_text("one = 2\n")
    second = folder_sha256(folder)
    (folder / "mine" / "tiny.py").rename(folder / "mine" / "other.py")
    third = folder_sha256(folder)
    (folder / "weights.bin").write_bytes(b"\1" * 9)
    assert len({first, second, third, folder_sha256(folder)}) == 4


def touch_compiled(folder: Path) -> None:
    (folder / "mine" / "__pycache__").mkdir()
    (folder / "mine" / "__pycache__" / "tiny.cpython-39.pyc").write_bytes(b"old")


def touch_hidden(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "index").write_bytes(b"x")
    (folder / "mine" / ".tiny.py.swp").write_bytes(b"x")
    (folder / ".#lock").symlink_to("user@host.123")


def touch_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def touch_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket is short
        made.bind("s")
        os.chdir(here)


def touch_time(folder: Path) -> None:
    os.utime(folder / "mine" / "tiny.py", (0, 0))


@pytest.mark.parametrize("touch", [touch_compiled, touch_hidden, touch_pipe, touch_socket, touch_time])
def test_what_is_no_code_does_not_count(folder: Path, touch: Callable[[Path], None]) -> None:
    before = folder_sha256(folder)
    touch(folder)
    assert folder_sha256(folder) == before


def test_a_link_within_the_folder_counts_by_where_it_leads(folder: Path) -> None:
    (folder / "a.py").symlink_to("mine/tiny.py")
    one = folder_sha256(folder)
    (folder / "a.py").unlink()
    (folder / "a.py").symlink_to("weights.bin")
    assert folder_sha256(folder) != one


@pytest.mark.parametrize(
    "target", ["../../elsewhere.py", "/etc", "../mine/../../elsewhere.py", "../../code/weights.bin"]
)
def test_a_link_that_a_container_could_not_follow_is_refused(folder: Path, target: str) -> None:
    (folder / "mine" / "link").symlink_to(target)
    with pytest.raises(UnusableCodeError, match="link is a link that leads out of the folder"):
        folder_sha256(folder)


def test_a_link_to_what_does_not_count_is_refused(folder: Path) -> None:
    (folder / ".hidden.py").write_text("")
    (folder / "seen.py").symlink_to(".hidden.py")
    with pytest.raises(UnusableCodeError, match=r"seen\.py is a link to a hidden file"):
        folder_sha256(folder)


def test_a_folder_of_more_than_code_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "data.bin").open("wb") as stream:
        stream.truncate(code_module.MOST_BYTES)  # takes no room
    with pytest.raises(UnusableCodeError, match=r"holds 1\.0 GiB, too much for code"):
        folder_sha256(folder)
    monkeypatch.setattr(code_module, "MOST_FILES", 2)
    with pytest.raises(UnusableCodeError, match="holds more than 2 files"):
        folder_sha256(folder)


def test_the_builder_of_a_folder_is_read_back() -> None:
    name = builder_of(Code("mine.tiny", "build", "0123456789abcdef" * 4))
    assert name == "mine.tiny:build@0123456789ab"
    assert own_name(name) == ("mine.tiny:build", "0123456789ab")
    assert own_name("ssd300_vgg16") is None
