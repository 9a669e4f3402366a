import fcntl
import os
import re
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.errors import StorageError
from harness.host import locks
from harness.host.locks import held, path_of
from tests.needs import lacks

ONE, TWO = "CPU 0", "CPU 1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setattr(locks, "LOOK_INTERVAL_S", 0.01)
    return tmp_path / "locks"


def nobody_waits(text: str) -> None:
    raise AssertionError(text)


def is_free(device: str) -> bool:
    with path_of(device).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def elsewhere(device: str, whose: str) -> Iterator[threading.Event]:
    """Hold a device in another thread, which the kernel takes for anybody, until the event or the end of the block."""
    has, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with held([device], whose, nobody_waits):
            has.set()
            may_end.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(30)
    yield may_end
    may_end.set()
    thread.join()


def test_every_device_is_held_while_the_block_runs_and_free_after_it(folder: Path) -> None:
    with held([ONE, TWO], "run a", nobody_waits):
        assert [is_free(ONE), is_free(TWO)] == [False, False]
    assert [is_free(ONE), is_free(TWO)] == [True, True]
    assert {path.name for path in folder.iterdir()} == {
        "detection-harness-cpu-0.lock",
        "detection-harness-cpu-1.lock",
    }


def test_an_error_in_the_block_frees_them() -> None:
    with pytest.raises(ValueError, match="of the block"), held([ONE, TWO], "run a", nobody_waits):
        raise ValueError("of the block")
    assert is_free(ONE)
    assert is_free(TWO)


def test_who_waits_is_told_who_has_it_and_since_when_and_then_has_it() -> None:
    told: list[str] = []
    with elsewhere(ONE, "run a") as may_end:

        def on_waiting(text: str) -> None:
            told.append(text)
            may_end.set()

        with held([ONE], "run b", on_waiting):
            assert "run b" in path_of(ONE).read_text()
    pattern = rf"waiting for CPU 0, held by \S.* since \d\d:\d\d:\d\d \S+, run a, process {os.getpid()}"
    assert re.fullmatch(pattern, told[0])


def test_who_waits_for_the_second_keeps_the_first_and_is_told_when_another_one_has_it() -> None:
    told: list[str] = []
    with elsewhere(TWO, "run a") as may_end:

        def on_waiting(text: str) -> None:
            told.append(text)
            assert not is_free(ONE)
            if len(told) == 1:
                path_of(TWO).write_text("somebody else")
            else:
                may_end.set()

        with held([ONE, TWO], "run b", on_waiting):
            pass
    assert told[0].startswith("waiting for CPU 1, held by")
    assert told[1] == "waiting for CPU 1, held by somebody else"


def test_what_a_killed_process_left_in_the_file_is_not_believed() -> None:
    locks.require([ONE])
    path_of(ONE).write_text("alice since 12:00:00 UTC, run a, process 4711, and more words than anybody else would use")
    with held([ONE], "run b", nobody_waits):
        assert "alice" not in path_of(ONE).read_text()
    assert path_of(ONE).read_text() == ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"", "another process"),
        (b" \n\0", "another process"),
        (b"\x1b]0;title\x07\x1b[31mmallory\r\nprocess 1", "mallory  process 1"),
        (b"\xff" * 9000, "\N{REPLACEMENT CHARACTER}" * (locks.LONGEST_SHOWN - 1) + "…"),
    ],
)
def test_what_anybody_wrote_into_the_file_is_shown_as_text(said: bytes, shown: str) -> None:
    told: list[str] = []
    locks.require([ONE])
    path_of(ONE).write_bytes(said)
    with path_of(ONE).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def on_waiting(text: str) -> None:
            told.append(text)
            fcntl.flock(file, fcntl.LOCK_UN)

        with held([ONE], "run b", on_waiting):
            pass
    assert told == [f"waiting for CPU 0, held by {shown}"]


def test_an_interruption_ends_the_waiting_and_frees_what_was_had() -> None:
    with elsewhere(TWO, "run a"):
        interruption = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt), held([ONE, TWO], "run b", lambda text: interruption.start()):
            raise AssertionError("it was not to be had")
        assert is_free(ONE)
        assert not is_free(TWO)


def test_a_file_that_was_deleted_meanwhile_locks_nobody_out_and_is_made_anew() -> None:
    with elsewhere(ONE, "run a") as may_end:

        def on_waiting(text: str) -> None:
            path_of(ONE).unlink(missing_ok=True)
            may_end.set()

        with held([ONE], "run b", on_waiting):
            assert not is_free(ONE)


def test_every_user_may_open_the_file_whatever_the_mask_of_who_made_it() -> None:
    before = os.umask(0o077)
    try:
        locks.require([ONE])
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert stat.S_IMODE(path_of(ONE).stat().st_mode) == 0o666


def test_a_file_that_is_there_is_opened_without_asking_for_one_to_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or in a sticky folder the kernel refuses a file that is somebody else's, to root as well."""
    locks.require([ONE])
    flags: list[int] = []
    really = os.open

    def noting(path: str, given: int, *mode: int) -> int:
        flags.append(given)
        return really(path, given, *mode)

    monkeypatch.setattr(os, "open", noting)
    with held([ONE], "run a", nobody_waits):
        pass
    assert len(flags) == 1
    assert not flags[0] & (os.O_CREAT | os.O_TRUNC)


def test_holders_are_those_who_hold_something_now() -> None:
    with held([ONE], "run a", nobody_waits):
        assert list(locks.holders([ONE, TWO])) == [ONE]
        assert "run a" in locks.holders([ONE])[ONE]
        assert not is_free(ONE)
    assert locks.holders([ONE, TWO]) == {}


def link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def hard_link(path: Path, target: Path) -> None:
    path.hardlink_to(target)


def pipe(path: Path, target: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path, target: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("put", [link, hard_link, pipe, a_folder])
def test_what_is_no_file_of_a_lock_is_refused_and_left_as_it_is(
    folder: Path, put: Callable[[Path, Path], None]
) -> None:
    folder.mkdir()
    precious = folder.parent / "precious"
    precious.write_text("nobody's lock")
    put(path_of(ONE), precious)
    with pytest.raises(StorageError, match=r"cpu-0\.lock .*HARNESS_LOCKS"):
        locks.require([ONE])
    with pytest.raises(StorageError, match=r"cpu-0\.lock .*HARNESS_LOCKS"), held([ONE], "run a", nobody_waits):
        raise AssertionError("it was held")
    assert precious.read_text() == "nobody's lock"


@pytest.mark.parametrize("place", ["/proc/nowhere", "precious", "precious/locks"])
def test_a_folder_that_can_not_be_had_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "precious").write_text("no folder")
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / place))
    with pytest.raises(StorageError, match=r"the lock .*cpu-0\.lock can't be taken: .*; .*set HARNESS_LOCKS to a "):
        locks.require([ONE])


@contextmanager
def user(uid: int) -> Iterator[None]:
    """Be another user while the block runs."""
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_users_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        lacks("TOOLS", "only root can act as two users")
    with TemporaryDirectory() as shared:
        Path(shared).chmod(0o1777)
        monkeypatch.setenv("HARNESS_LOCKS", shared)
        with ExitStack() as alice:
            with user(65533):
                alice.enter_context(held([ONE], "run of alice", nobody_waits))
            told: list[str] = []

            def on_waiting(text: str) -> None:
                told.append(text)
                alice.close()

            with user(65534), held([ONE, TWO], "run of bob", on_waiting):
                assert "run of bob" in path_of(ONE).read_text()
                assert path_of(ONE).stat().st_uid == 65533
    assert "run of alice" in told[0]


def test_what_a_user_may_not_open_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        lacks("TOOLS", "only root can act as two users")
    with TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        monkeypatch.setenv("HARNESS_LOCKS", shared)
        sentence = r"can't be taken: Permission denied; give this user the right to it, or set HARNESS_LOCKS"
        with user(65534), pytest.raises(StorageError, match=sentence):
            locks.require([ONE])
