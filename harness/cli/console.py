"""What a command prints for a person: a line is text and nothing else, wherever its words come from."""

from rich.console import Console
from rich.text import Text

from harness.cli.called import as_called
from harness.cli.pages import pages
from harness.report import render
from harness.report.table import Form, Table
from harness.text import broken, printable


def said(text: str, style: str = "") -> Text:
    """Return text for rich that it neither takes for markup nor colours, without what a terminal would obey."""
    return Text(printable(text), style)


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line: on a terminal broken between words alone, so that a path stays whole; else as one line."""
    line = said(as_called(text), style)
    if console.is_terminal:
        line.plain = broken(line.plain, console.width)
    console.print(line, soft_wrap=True)


def print_tables(console: Console, tables: list[Table], form: Form = Form.SHORT) -> None:
    """Print tables and their notes on a terminal, in short unless told otherwise: those that stand in that form."""
    for table in tables:
        if table.stands_in(form):
            print_table(console, table, form)


def print_table(console: Console, table: Table, form: Form = Form.SHORT) -> None:
    """Print a table and its notes on a terminal; one without a title stands close to what is said before and after."""
    table = render.harmless(table.of(form))
    if table.title:
        console.print()
        console.print(_wide(table.headline, console, "bold"), soft_wrap=True)
        console.print()
    for number, page in enumerate(pages(table, console)):
        console.print(*([""] if number else []), page, sep="\n")
    if table.title:
        console.print()
    for note in table.notes:
        console.print(_wide(f"- {note}", console), soft_wrap=True)


def _wide(text: str, console: Console, style: str = "") -> Text:
    """Return the text as wide as a table is, wherever it goes."""
    line = said(as_called(text), style)
    line.plain = broken(line.plain, console.width)
    return line
