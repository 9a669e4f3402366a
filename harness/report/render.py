"""Renders a table as Markdown, as CSV, or for a terminal."""

import csv
import io
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.report.table import Column, Table

if TYPE_CHECKING:
    import rich.table
    from rich.console import Console


def markdown(table: Table) -> str:
    """Render as a Markdown table, columns aligned, with its notes as a list below."""
    head, *body = [[_escape(text) for text in row] for row in (table.headings, *table.rows)]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = [("-" * (width - 1)).ljust(width, ":") for width in widths]
    rule[0] = rule[0][::-1]
    lines = [_line(_pad(row, widths)) for row in (head, rule, *body)]
    notes = [f"- {_escape(note)}" for note in table.notes]
    return "\n".join([f"## {table.title}", "", *lines, "", *notes, ""])


def csv_text(table: Table) -> str:
    """Render as CSV. A cell that a spreadsheet would take for a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[_defuse(text) for text in row] for row in (table.headings, *table.rows)])
    return out.getvalue()


def terminal(table: Table, console: "Console") -> list["rich.table.Table"]:
    """Render for a terminal: long headings wrap, and groups of columns that do not fit beside others go below them."""
    pages: list[list[Column]] = [[]]
    for block in _blocks(table, console):
        if pages[-1] and not _fits(table, pages[-1] + block, console):
            pages.append([])
        pages[-1] += block
    return [_page(table, columns) for columns in pages]


def _blocks(table: Table, console: "Console") -> Iterator[list[Column]]:
    """Yield what stays together: each group, or where one is too wide by itself, each of its columns."""
    for group in table.groups:
        if _fits(table, group, console):
            yield group
        else:
            yield from ([column] for column in group)


def _page(table: Table, columns: list[Column]) -> "rich.table.Table":
    import rich.box
    import rich.table
    from rich.text import Text

    page = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    page.add_column(Text(table.names.heading), vertical="bottom", min_width=_narrowest(table.names))
    for column in columns:
        # Wrapped here, since rich narrows the widest columns first, down to letters, and headings are the widest.
        width = max(
            _narrowest(column), *map(len, column.values)
        )  # rich would take a value's longest word for its width
        heading = textwrap.fill(column.heading, width, break_on_hyphens=False)
        page.add_column(Text(heading), justify="right", vertical="bottom", no_wrap=True, min_width=width)
    for row in zip(table.names.values, *(column.values for column in columns), strict=True):
        page.add_row(*(Text(text) for text in row))
    return page


def _fits(table: Table, columns: list[Column], console: "Console") -> bool:
    unlimited = console.options.update_width(sys.maxsize)
    return console.measure(_page(table, columns), options=unlimited).minimum <= console.width


def _narrowest(column: Column) -> int:
    """Return the width at which nothing but spaces has to be broken."""
    return max(len(word) for text in (column.heading, *column.values) for word in text.split())


def _pad(row: list[str], widths: list[int]) -> list[str]:
    first, *rest = widths
    return [row[0].ljust(first), *(text.rjust(width) for text, width in zip(row[1:], rest, strict=True))]


def _line(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _escape(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _defuse(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and len(text) > 1) else text
