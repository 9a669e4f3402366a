"""Locks that hold across processes and users: a file for each device in one folder of the machine, held by flock.

The kernel's lock is the truth, and ends with its process, however that ends. What the file says of who holds it is
believed only while somebody does. The files stay, since whoever deletes one takes it from those who wait for it.

filelock can't do this: it asks for a file to be made where it may be there, which a sticky folder refuses for a file
of somebody else (protected_regular in proc_sys_fs(5)), may empty and delete it, and has no place for a name.
"""

import fcntl
import os
import pwd
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Self

from harness.errors import StorageError, reason_of, remedy_of
from harness.host.gpus import HostGpu
from harness.host.looking import Looker
from harness.paths import locks_folder
from harness.text import printable
from runner.contract import pseudonym

ELSEWHERE = "set HARNESS_LOCKS to a folder in which everyone who measures here may write"
#: How often a process that waits looks whether another one holds the lock by now.
LOOK_INTERVAL_S = 0.5
#: How much is read of what a file says, in bytes, and shown of it, in characters. Anybody may have written it.
LONGEST_TEXT, LONGEST_SHOWN = 4096, 200
#: A link is not followed, and nothing else that somebody has put there is waited for.
FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

#: Receives who holds a lock that is waited for, at first and whenever that changes.
OnWaiting = Callable[[str], None]


def path_of(device: str) -> Path:
    """Return the file of a device such as "CPU 0"."""
    return locks_folder() / f"detection-harness-{device.lower().replace(' ', '-')}.lock"


def name_of(gpu: HostGpu) -> str:
    """Return what a GPU is called here, an instance as its GPU: they share its clocks and its power."""
    return f"GPU {pseudonym(gpu.whole or gpu.key)}"


def require(devices: Sequence[str]) -> None:
    """Raise StorageError where the devices could not be locked. None is."""
    for device in devices:
        with _refusing(device):
            _opened(device).close()


def holders(devices: Sequence[str]) -> dict[str, str]:
    """Return who holds them and since when, of those devices that somebody holds. Raises StorageError as require."""
    holding = {}
    for device in devices:
        with _refusing(device), _opened(device) as file:
            if not _try(file):
                holding[device] = _said(file)
    return holding


@contextmanager
def held(devices: Sequence[str], whose: str, on_waiting: OnWaiting) -> Iterator[None]:
    """Hold the lock of each device while the block runs, waiting for whoever has it; `whose` says what for.

    They are taken in the order given, which has to be the same for everyone, or two would wait for one another, and
    given back in the opposite one, so that who waits for the first finds the others free. Raises StorageError where one
    can't be had, and lets KeyboardInterrupt through.
    """
    with ExitStack() as stack:
        for device in devices:
            stack.enter_context(_held(device, whose, on_waiting))
        yield


@contextmanager
def _held(device: str, whose: str, on_waiting: OnWaiting) -> Iterator[None]:
    with _locked(device, on_waiting) as file:
        now = datetime.now(UTC).astimezone()
        _say(file, f"{_user()} since {now:%H:%M:%S %Z}, {whose}, process {os.getpid()}")
        try:
            yield
        finally:
            _say(file, "")
            fcntl.flock(file, fcntl.LOCK_UN)  # a child that is just being started would keep it for a moment longer


def _locked(device: str, on_waiting: OnWaiting) -> FileIO:
    """Return the device's file once this process has locked it."""
    while True:
        with ExitStack() as stack:
            with _refusing(device):
                file = stack.enter_context(_opened(device))
                free = _try(file)
            if not free:
                with Lookout(device, file, on_waiting), _refusing(device):
                    fcntl.flock(file, fcntl.LOCK_EX)  # in the kernel's queue, or whoever has it would always be faster
            if _is_in_place(device, file):
                stack.pop_all()
                return file


def _try(file: FileIO) -> bool:
    """Lock the file if nobody has. Returns whether it is locked now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_in_place(device: str, file: FileIO) -> bool:
    """Tell whether the file is the one that others find, and was not deleted meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path_of(device).lstat())
    except FileNotFoundError:
        return False


class Lookout(Looker):
    """Tells who holds a lock while its block waits for it, at first and whenever that changes."""

    def __init__(self, device: str, file: FileIO, on_waiting: OnWaiting):
        super().__init__(LOOK_INTERVAL_S)
        self._device, self._file, self._on_waiting = device, file, on_waiting
        self._told: str | None = None

    def __enter__(self) -> Self:
        self._tell()
        return super().__enter__()

    def look(self) -> bool:
        """Tell who holds it where that has changed; see Looker."""
        with suppress(OSError):  # nobody reads it any more: the next one to tell something will find out
            self._tell()
        return True

    def _tell(self) -> None:
        holder = _said(self._file)
        if holder != self._told:
            self._told = holder
            self._on_waiting(f"waiting for {self._device}, held by {holder}")


def _opened(device: str) -> FileIO:
    """Open the device's file, made if it is not there. Raises StorageError for what is none of a lock."""
    path = path_of(device)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = _there_or_made(path)
    seen = os.fstat(file.fileno())
    # By a second name, what is written here would be written into somebody's file.
    if not stat.S_ISREG(seen.st_mode) or seen.st_nlink > 1:
        file.close()
        raise StorageError(f"{path} is in the way: it is no file of a lock", f"remove it, or {ELSEWHERE}")
    return file


def _there_or_made(path: Path) -> FileIO:
    while True:
        with suppress(FileNotFoundError):
            return FileIO(path, "r+", opener=lambda name, _: os.open(name, FLAGS))
        with suppress(FileExistsError):  # another process was faster
            return FileIO(path, "r+", opener=_make)


def _make(path: str, _: int) -> int:
    """Make a file that every user may open, and return its descriptor."""
    before = os.umask(0)  # by a chmod it would come too late for who opens it meanwhile
    try:
        return os.open(path, FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
    finally:
        os.umask(before)


@contextmanager
def _refusing(device: str) -> Iterator[None]:
    """Turn what the system refuses into one sentence.

    It ends the run: a remark would be overlooked, and a figure that somebody else's measurement may have lengthened
    is worse than none, while another folder is named in no time and every finished cell is kept.
    """
    try:
        yield
    except OSError as error:
        reason = f"the lock {path_of(device)} can't be taken: {reason_of(error)}"
        raise StorageError(reason, remedy_of(error, ELSEWHERE) or ELSEWHERE) from error


def _said(file: FileIO) -> str:
    """Return what the file says of who holds it, harmless."""
    text = os.pread(file.fileno(), LONGEST_TEXT, 0).decode(errors="replace")
    return printable(text, LONGEST_SHOWN).strip() or "another process"


def _say(file: FileIO, text: str) -> None:
    """Put the text in place of what the file says."""
    with suppress(OSError):  # as on a full disk: the lock is what counts
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), text.encode(errors="replace"), 0)


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
