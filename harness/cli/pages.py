"""Lays a table out for a terminal: in as few lines as its width allows, columns that do not fit below the others."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache

import rich.box
import rich.table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from harness.report.render import harmless
from harness.report.table import Column, Table

#: How far columns stand apart.
BETWEEN = 2


def pages(table: Table, console: Console) -> list[rich.table.Table]:
    """Return the table as one below another: long headings wrap, groups stay together where they fit."""
    table = harmless(table)
    shown: list[list[Column]] = [[]]
    for block in _blocks(table, console.width):
        if shown[-1] and not _fits(table.names, shown[-1] + block, console.width):
            shown.append([])
        shown[-1] += block
    return [_page(table.names, columns, console.width) for columns in shown]


def _blocks(table: Table, width: int) -> Iterator[list[Column]]:
    """Yield what stays together: each group, or where one is too wide by itself, each of its columns."""
    for group in table.groups:
        if _fits(table.names, group, width):
            yield group
        else:
            yield from ([column] for column in group)


def _fits(names: Column, columns: Sequence[Column], width: int) -> bool:
    return _least_words(names, width) <= _room([_least(column, width) for column in columns], width)


def _page(names: Column, columns: Sequence[Column], width: int) -> rich.table.Table:
    page = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, BETWEEN - 1, 0, 0))
    page.add_column(Text(names.heading), min_width=_least_words(names, width), overflow="fold")
    widths = _widths(names, columns, width)
    for column, wide in zip(columns, widths, strict=True):
        # Wrapped here, since rich narrows the widest columns first, down to letters, and headings are the widest.
        lines = [_set(line, column, wide) for line in textwrap.wrap(column.heading, wide, break_on_hyphens=False)]
        page.add_column(Text("\n".join(lines)), no_wrap=column.kind != "words", overflow="fold", min_width=wide)
    if not any(column.kind == "words" for column in columns):
        for each in page.columns:
            each.vertical = "bottom"  # beside the end of a name that is broken
    cells = [[_set(text, column, wide) for text in column.values] for column, wide in zip(columns, widths, strict=True)]
    for row in zip(names.values, *cells, strict=True):
        page.add_row(*map(Text, row))
    return page


def _set(text: str, column: Column, wide: int) -> str:
    """Return the text at the right of its column if it is a figure; rich would drop the blanks that align its end."""
    return " " * (wide - cell_len(text)) + text if column.kind == "figures" else text


def _widths(names: Column, columns: Sequence[Column], width: int) -> list[int]:
    """Return how wide each column is at least, so that headings and names take as few lines as they can."""
    most = max(1, *(len(column.heading.split()) for column in columns))
    candidates = [[_width(column, lines, width) for column in columns] for lines in range(1, most + 1)]
    fitting = [widths for widths in candidates if _room(widths, width) >= _least_words(names, width)]

    def lines_of(widths: list[int]) -> int:
        headings = (_lines(column.heading, wide) for column, wide in zip(columns, widths, strict=True))
        return max(headings) + sum(_lines(name, max(1, _room(widths, width))) for name in names.values)

    return min(fitting, key=lines_of, default=candidates[-1])


def _width(column: Column, lines: int, width: int) -> int:
    """Return the least width at which the heading takes at most so many lines and no figure is broken."""
    wide = _least(column, width)
    while _lines(column.heading, wide) > lines:
        wide += 1
    return wide


@lru_cache(maxsize=10_000)
def _lines(text: str, width: int) -> int:
    return len(textwrap.wrap(text, width, break_on_hyphens=False))


def _room(widths: Sequence[int], width: int) -> int:
    """Return what columns of these widths leave to the names."""
    return width - sum(widths) - BETWEEN * len(widths)


def _least(column: Column, width: int) -> int:
    """Return the width at which nothing but the spaces of its heading, and of words, has to be broken."""
    if column.kind == "words":
        return _least_words(column, width)
    return max(1, _longest([column.heading]), *map(cell_len, column.values))


def _least_words(column: Column, width: int) -> int:
    """Return the width for the longest word; one that would take more than half of the terminal is broken."""
    return min(_longest([column.heading, *column.values]), width // 2)


def _longest(texts: Sequence[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=1)
