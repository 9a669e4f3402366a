"""Renders a table for a terminal: groups of columns that do not fit beside others go below them."""

import sys
import textwrap
from collections.abc import Iterator

import rich.box
import rich.table
from rich.console import Console
from rich.text import Text

from harness.report.render import harmless
from harness.report.table import Column, Table


def pages(table: Table, console: Console) -> list[rich.table.Table]:
    """Return the table as one below another: long headings wrap, groups stay together where they fit."""
    table = harmless(table)
    found: list[list[Column]] = [[]]
    for block in _blocks(table, console):
        if found[-1] and not _fits(table, found[-1] + block, console):
            found.append([])
        found[-1] += block
    return [_page(table, columns) for columns in found]


def _blocks(table: Table, console: Console) -> Iterator[list[Column]]:
    """Yield what stays together: each group, or where one is too wide by itself, each of its columns."""
    for group in table.groups:
        if _fits(table, group, console):
            yield group
        else:
            yield from ([column] for column in group)


def _page(table: Table, columns: list[Column]) -> rich.table.Table:
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


def _fits(table: Table, columns: list[Column], console: Console) -> bool:
    unlimited = console.options.update_width(sys.maxsize)
    return console.measure(_page(table, columns), options=unlimited).minimum <= console.width


def _narrowest(column: Column) -> int:
    """Return the width at which nothing but spaces has to be broken."""
    return max(len(word) for text in (column.heading, *column.values) for word in text.split())
