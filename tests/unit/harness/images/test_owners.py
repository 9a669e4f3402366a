"""Which containers are orphans, by their labels. Real ones are in integration."""

from pathlib import Path

import pytest
from filelock import FileLock

from harness.images import owners
from harness.images.owners import NO_HOST, is_orphan

HERE = "0123456789ab"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "host_id", lambda: HERE)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """The lock of a run whose process was killed."""
    made = tmp_path / "run" / ".lock"
    made.parent.mkdir()
    made.touch()
    return made


def test_a_container_whose_run_nobody_holds_is_an_orphan(lock: Path, tmp_path: Path) -> None:
    own = tmp_path / "own" / ".lock"
    assert is_orphan(str(lock), HERE, own)
    with FileLock(lock):
        assert not is_orphan(str(lock), HERE, own)


@pytest.mark.parametrize("host", [None, "another", NO_HOST, ""])
def test_that_of_another_machine_or_an_unknown_one_is_none(lock: Path, host: str | None, tmp_path: Path) -> None:
    assert not is_orphan(str(lock), host, tmp_path / "own" / ".lock")


def test_where_this_machine_has_no_id_none_but_the_own_is(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "host_id", lambda: None)
    assert not is_orphan(str(lock), NO_HOST, lock.parent.parent / "own" / ".lock")
    assert is_orphan(str(lock), NO_HOST, lock)


def test_a_label_that_names_no_lock_there_is_none(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = lock.parent.parent / "own" / ".lock"
    monkeypatch.chdir(lock.parent)
    (lock.parent / "other").touch()
    gone = lock.parent.parent / "moved" / ".lock"
    for label in ("", ".", ".lock", str(lock.parent), str(lock.parent / "other"), str(gone), "\0", "\0/.lock"):
        assert not is_orphan(label, HERE, own), label
    unreadable = lock.parent.parent / ".lock"
    unreadable.symlink_to(unreadable)  # which root can't read either
    assert not is_orphan(str(unreadable), HERE, own)


@pytest.mark.parametrize(("host", "orphan"), [(HERE, True), (None, True), ("another", False)])
def test_what_an_earlier_process_left_of_the_own_run_is_one(lock: Path, host: str | None, orphan: bool) -> None:
    with FileLock(lock):
        assert is_orphan(str(lock), host, lock) is orphan
