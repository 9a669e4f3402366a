"""Renders a table as Markdown, as CSV, or for a terminal."""

import csv
import io
from typing import TYPE_CHECKING

from harness.report.table import Table

if TYPE_CHECKING:
    import rich.table


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


def terminal(table: Table) -> "rich.table.Table":
    """Render for a terminal of any width: long headings wrap."""
    import rich.box
    import rich.table
    from rich.text import Text

    rendered = rich.table.Table(title=table.title, box=rich.box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for i, heading in enumerate(table.headings):
        rendered.add_column(Text(heading), justify="left" if i == 0 else "right")
    for row in table.rows:
        rendered.add_row(*(Text(text) for text in row))
    return rendered


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
