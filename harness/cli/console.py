"""What a command prints for a person: a line is text and nothing else, wherever its words come from."""

import textwrap
from collections.abc import Sequence

import rich.table
from rich.console import Console
from rich.text import Text

from harness.cli.pages import pages
from harness.report import render
from harness.report.table import Table
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


def say_row(table: rich.table.Table, cells: Sequence[str]) -> None:
    """Add a row of texts to a table."""
    table.add_row(*map(said, cells))


def print_tables(console: Console, tables: list[Table]) -> None:
    """Print tables and their notes on a terminal."""
    for table in tables:
        print_table(console, table)


def print_table(console: Console, table: Table) -> None:
    """Print a table and its notes on a terminal."""
    table = render.harmless(table)
    console.print()
    say(console, table.title, style="bold")
    for page in pages(table, console):
        console.print("", page, sep="\n")
    console.print()
    for note in table.notes:
        console.print(said(f"- {note}"))  # as wide as the table, wherever it goes
