"""Renders a table as Markdown, as CSV, or for a terminal."""

import csv
import io
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.report.table import Column, Table
from harness.text import printable

#: How long a text of a cell and one below the table may be, in characters.
LONGEST, LONGEST_NOTE = 160, 1000

if TYPE_CHECKING:
    import rich.table
    from rich.console import Console


def harmless(table: Table) -> Table:
    """Return the table without control characters and with texts of a length that a page can hold.

    What result files say may come from anywhere: a terminal must not obey it, and one long name not fill the page.
    """
    columns = [[_harmless_column(column) for column in group] for group in [[table.names], *table.groups]]
    notes = [printable(note, LONGEST_NOTE) for note in table.notes]
    return Table(printable(table.title, LONGEST_NOTE), columns[0][0], columns[1:], notes)


def _harmless_column(column: Column) -> Column:
    return Column(printable(column.heading, LONGEST), [printable(text, LONGEST) for text in column.values])


def markdown(table: Table) -> str:
    """Render as a Markdown table, columns aligned, with its notes as a list below."""
    table = harmless(table)
    head, *body = [[escaped(text) for text in row] for row in (table.headings, *table.rows)]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = [("-" * (width - 1)).ljust(width, ":") for width in widths]
    rule[0] = rule[0][::-1]
    lines = [_line(_pad(row, widths)) for row in (head, rule, *body)]
    notes = [f"- {escaped(note)}" for note in table.notes]
    return "\n".join([f"## {escaped(table.title)}", "", *lines, "", *notes, ""])


def csv_text(table: Table) -> str:
    """Render as CSV. A cell that a spreadsheet would take for a formula is quoted with an apostrophe."""
    return _csv([table.headings, *table.rows])


def stacked_csv(tables: list[Table]) -> str:
    """Render several tables as one CSV: a first column has their titles, a column that a table lacks stays empty.

    Columns of one heading, as each series of latencies has for its detections, stay columns of their own.
    """
    keyed = [(table, list(_told_apart(table.headings))) for table in tables]
    headings = list(dict.fromkeys(heading for _, own in keyed for heading in own))
    lines = [["Table", *(heading for heading, _ in headings)]]
    for table, own in keyed:
        for row in table.rows:
            of_heading = dict(zip(own, row, strict=True))
            lines.append([table.title, *(of_heading.get(heading, "") for heading in headings)])
    return _csv(lines)


def _told_apart(headings: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each heading with the number of times that it came before."""
    seen: Counter[str] = Counter()
    for heading in headings:
        yield heading, seen[heading]
        seen[heading] += 1


def _csv(lines: list[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[defused(text) for text in line] for line in lines])
    return out.getvalue()


def terminal(table: Table, console: "Console") -> list["rich.table.Table"]:
    """Render for a terminal: long headings wrap, and groups of columns that do not fit beside others go below them."""
    table = harmless(table)
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


def escaped(text: str) -> str:
    """Return the text as Markdown shows it, rather than as a link, a picture or HTML."""
    # An underscore within a word is none of Markdown's, and names are full of them.
    safe = re.sub(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return safe.replace("&", "&amp;").replace("<", "&lt;")


@lru_cache(maxsize=10_000)  # a tidy table says the same few words in most of its cells
def defused(text: str) -> str:
    """Return the text as a spreadsheet shows it and does not compute it, without control characters."""
    text = printable(text)
    start = text.lstrip()[:2]
    return "'" + text if start[:1] in ("=", "+", "@") or (start[:1] == "-" and start != "-") else text
