"""Runs the command line in a terminal of its own, of a given width, as a person sits before one."""

import os
import re

from harness.paths import ROOT
from tests.integration.commands import HARNESS
from tools.terminals import session

COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(columns: int, *arguments: object, **variables: str) -> tuple[list[str], bool]:
    """Return the lines that a command prints on a terminal of so many columns, and whether it sent any codes."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [*HARNESS, *map(str, arguments)]
    made = session(command, columns, ROOT, kept | {"TERM": "xterm-256color"} | variables)
    assert made.exit_code == 0, made.text
    plain = COLOURS.sub("", made.text)
    return [line.rstrip() for line in plain.replace("\r\n", "\n").split("\n")], plain != made.text
