import os
from pathlib import Path

import pytest

from harness.documents.shelf import LENGTH, MOST, SECRET, Shelf

KEY, OTHER = "a1" * 32, "b2" * 32


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    kept = Shelf(tmp_path / "cache" / "merged")
    kept.put(KEY, b"content")
    assert kept.get(KEY) == b"content"
    return kept


def test_nothing_is_kept_under_a_key_that_was_never_used(shelf: Shelf) -> None:
    assert shelf.get(OTHER) is None
    assert Shelf(shelf.path / "nowhere").get(KEY) is None


def test_what_was_kept_is_this_user_s_alone(shelf: Shelf) -> None:
    assert [oct(path.stat().st_mode & 0o777) for path in sorted(shelf.path.iterdir())] == ["0o600"] * 2
    assert shelf.path.stat().st_mode & 0o077 == 0


def test_what_is_torn_altered_or_planted_is_none(shelf: Shelf) -> None:
    whole = (shelf.path / KEY).read_bytes()
    other = Shelf(shelf.path.with_name("of another user"))
    other.put(KEY, b"planted")
    altered = [b"", whole[:-1], whole + b"x", bytes([whole[0] ^ 1]) + whole[1:], whole[:LENGTH] + b"planted"]
    for content in [*altered, (other.path / KEY).read_bytes()]:
        (shelf.path / KEY).write_bytes(content)
        assert shelf.get(KEY) is None
    (shelf.path / KEY).write_bytes(whole)
    assert shelf.get(KEY) == b"content"


def test_what_was_kept_under_another_key_is_none_under_this(shelf: Shelf) -> None:
    (shelf.path / OTHER).write_bytes((shelf.path / KEY).read_bytes())
    assert shelf.get(OTHER) is None


def test_no_link_is_followed_and_no_pipe_waited_for(shelf: Shelf) -> None:
    (shelf.path / KEY).rename(shelf.path.parent / "elsewhere")
    (shelf.path / KEY).symlink_to(shelf.path.parent / "elsewhere")
    assert shelf.get(KEY) is None
    (shelf.path / KEY).unlink()
    os.mkfifo(shelf.path / KEY)
    assert shelf.get(KEY) is None
    (shelf.path / KEY).unlink()
    (shelf.path / KEY).mkdir()
    assert shelf.get(KEY) is None
    shelf.put(KEY, b"new")  # which can't take the place of a folder, and says nothing
    assert shelf.get(KEY) is None


@pytest.mark.parametrize("name", ["", KEY, SECRET])
def test_what_others_may_write_is_not_trusted(shelf: Shelf, name: str) -> None:
    (shelf.path / name).chmod(0o777)
    assert shelf.get(KEY) is None


def test_a_secret_that_others_may_read_or_that_was_torn_is_made_anew(shelf: Shelf) -> None:
    (shelf.path / SECRET).chmod(0o644)
    shelf.put(OTHER, b"later")
    assert (shelf.get(KEY), shelf.get(OTHER)) == (None, b"later")
    (shelf.path / SECRET).write_bytes(b"")
    shelf.put(OTHER, b"again")
    assert shelf.get(OTHER) == b"again"


def test_another_user_s_files_are_not_trusted(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert shelf.get(KEY) is None
    shelf.put(KEY, b"mine")
    assert shelf.get(KEY) is None


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shelf = Shelf(tmp_path / "file" / "merged")
    shelf.put(KEY, b"content")
    assert shelf.get(KEY) is None


def test_the_ones_used_least_lately_go(shelf: Shelf) -> None:
    for number in range(MOST + 3):
        shelf.put(f"{number:064x}", b"x")
        os.utime(shelf.path / f"{number:064x}", (number, number))
        assert shelf.get(KEY) == b"content"
    kept = {path.name for path in shelf.path.iterdir()} - {SECRET}
    assert KEY in kept
    assert len(kept) == MOST
