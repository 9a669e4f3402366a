"""The folder that frames go through, and those that demos left behind whose process was killed."""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from harness.documents.files import storing
from harness.documents.run_folder import is_held
from runner.contract.arrivals import PATIENCE_S

PREFIX = "harness-frames-"
#: Where another place for the frames is chosen.
ANOTHER_TMP = "choose another TMPDIR"


@contextmanager
def frames_folder() -> Iterator[Path]:
    """Give an empty folder that is gone in the end; what killed demos left goes first. Raises StorageError."""
    with storing(Path("the frames' folder"), "made", ANOTHER_TMP):
        _remove_abandoned(Path(gettempdir()))
        folder = Path(mkdtemp(prefix=PREFIX))
        held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _remove_abandoned(place: Path) -> None:
    """Remove this user's folders that no process holds, and in which nothing came or went for as long as one waits."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another demo removes it just now
            seen = folder.lstat()
            is_ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
            if is_ours and time.time() - seen.st_mtime > PATIENCE_S and is_held(folder) is False:
                shutil.rmtree(folder, ignore_errors=True)
