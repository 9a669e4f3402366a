"""Runs a program in a terminal of its own, as a person sits before one, and keeps what it prints, and when."""

import codecs
import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROWS = 50


@dataclass(frozen=True)
class Printed:
    """What came at once, with the terminal's codes, and the seconds since the program was started."""

    seconds: float
    text: str


@dataclass(frozen=True)
class Session:
    """A program that has ended: its exit code, and all that it printed."""

    exit_code: int
    printed: list[Printed]

    @property
    def text(self) -> str:
        """Everything, with the terminal's codes, and its lines as the terminal was told them."""
        return "".join(each.text for each in self.printed)


def session(command: Sequence[str], columns: int, folder: Path, variables: Mapping[str, str]) -> Session:
    """Run a command in a folder on a terminal of so many columns, with these variables and no others."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    with os.fdopen(ours, "rb") as screen:
        began = time.monotonic()
        with subprocess.Popen(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
        ) as process:
            os.close(theirs)
            printed = [Printed(seconds - began, text) for seconds, text in _read(screen.fileno())]
    return Session(process.returncode, printed)


def _read(screen: int) -> Iterator[tuple[float, str]]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    while content := _piece(screen):
        yield time.monotonic(), decoder.decode(content)


def _piece(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # Linux says so where the last process has left the terminal
        return b""
