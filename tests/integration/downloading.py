"""What the tests of downloads share: a small disk, and patience."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import lacks


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[str], None]]:
    """Mount a disk of 64 KiB at the folder; call the answer to change its size. Skips where nothing can be mounted."""
    folder.mkdir()
    mount = [shutil.which("mount") or "false", "-t", "tmpfs", "tmpfs", str(folder), "-o"]
    if subprocess.run([*mount, "size=64k"], capture_output=True, check=False).returncode:
        lacks("TOOLS", "a small disk can't be mounted here, which takes root")

    def resize(size: str) -> None:
        subprocess.run([*mount, f"remount,size={size}"], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail where it does not come to pass."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def unseen(name: str, here: int, total: int | None) -> None:
    """Take the progress of a download and show it to nobody."""
