"""Runs the command line in a terminal of its own, of a given width, as a person sits before one."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from harness.paths import ROOT
from tests.integration.commands import HARNESS

COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(columns: int, *arguments: object, **variables: str) -> tuple[list[str], bool]:
    """Return the lines that a command prints on a terminal of so many columns, and whether it sent any codes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [*HARNESS, *map(str, arguments)],
        cwd=ROOT,
        env=kept | {"TERM": "xterm-256color"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        with os.fdopen(ours, "rb", closefd=True) as screen:
            text = b"".join(iter(lambda: _read(screen.fileno()), b"")).decode()
    assert process.returncode == 0, text
    plain = COLOURS.sub("", text)
    return [line.rstrip() for line in plain.replace("\r\n", "\n").split("\n")], plain != text


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # Linux says so where the last process has left the terminal
        return b""
