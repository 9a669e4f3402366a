"""Commands that a person may type next, as their shell will find them."""

import re
import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

#: What sentences call the command line, and the script is named.
NAME = "harness"


def own_name() -> str:
    """Return by what a shell finds the command line: by its name, or by the path by which it was started.

    A path is only needed where it was started by one, and the name leads to no script, or to another one.
    """
    started = Path(sys.argv[0])
    with suppress(OSError):
        found = shutil.which(NAME)
        if started.name == NAME and not (found and started.samefile(found)):
            return shlex.quote(sys.argv[0])
    return NAME


def program() -> str | None:
    """Return what usage calls the command line; None where typer knows it better, as after python -m."""
    return own_name() if Path(sys.argv[0]).name == NAME else None


def as_called(sentence: str) -> str:
    """Return the sentence with its commands as the shell finds them."""
    name = own_name()
    if name == NAME or NAME not in sentence:
        return sentence
    from harness.cli.listed import COMMANDS

    return re.sub(rf"(?<![\w/.-]){NAME}(?= (?:{'|'.join(COMMANDS)})\b)", lambda _: name, sentence)
