"""What a command prints for a person: a line is text and nothing else, wherever its words come from."""

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.text import printable


def said(text: str, style: str = "") -> Text:
    """Return text for rich that it neither takes for markup nor colours, without what a terminal would obey."""
    return Text(printable(text), style)


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line: on a terminal broken between words alone, so that a path stays whole; else as one line."""
    line = said(text, style)
    if console.is_terminal:
        line.plain = textwrap.fill(line.plain, console.width, break_long_words=False, break_on_hyphens=False)
    console.print(line, soft_wrap=True)


def say_row(table: Table, cells: Sequence[str]) -> None:
    """Add a row of texts to a table."""
    table.add_row(*map(said, cells))
