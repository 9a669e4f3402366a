"""Renders a table as Markdown or as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from harness.report.table import Column, Form, Table
from harness.text import defused, escaped, printable

#: How long a text of a cell and one below the table may be, in characters.
LONGEST, LONGEST_NOTE = 160, 1000


def harmless(table: Table) -> Table:
    """Return the table without control characters and with texts of a length that a page can hold.

    What result files say may come from anywhere: a terminal must not obey it, and one long name not fill the page.
    """
    columns = [[_harmless_column(column) for column in group] for group in [[table.names], *table.groups]]
    notes = [printable(note, LONGEST_NOTE) for note in table.notes]
    title, shared = (printable(text, LONGEST_NOTE) for text in (table.title, table.shared))
    return Table(title, columns[0][0], columns[1:], notes, shared)


def _harmless_column(column: Column) -> Column:
    longest = LONGEST_NOTE if column.kind == "words" else LONGEST
    values = [printable(text, longest) for text in column.values]
    return replace(column, heading=printable(column.heading, LONGEST), values=values)


def markdown(table: Table) -> str:
    """Render in full as a Markdown table, columns aligned, with its notes as a list below."""
    table = harmless(table.of(Form.LONG))
    head, *body = [[escaped(text) for text in row] for row in (table.headings, *table.rows)]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = [("-" * (width - 1)).ljust(width, ":") for width in widths]
    rule[0] = rule[0][::-1]
    lines = [_line(_pad(row, widths)) for row in (head, rule, *body)]
    notes = [f"- {escaped(note)}" for note in table.notes]
    return "\n".join([f"## {escaped(table.headline)}", "", *lines, "", *notes, ""])


def csv_text(table: Table) -> str:
    """Render as CSV, in full where that is no other form. What a spreadsheet would take for a formula is defused."""
    table = table.of(Form.CSV if table.stands_in(Form.CSV) else Form.LONG)
    return _csv([table.headings, *table.rows])


def stacked_csv(tables: list[Table]) -> str:
    """Render several tables as one CSV: a first column has their titles, a column that a table lacks stays empty.

    Columns of one heading, as each series of latencies has for its detections, stay columns of their own.
    """
    keyed = [(table, list(_told_apart(table.headings))) for table in (table.of(Form.CSV) for table in tables)]
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


def _pad(row: list[str], widths: list[int]) -> list[str]:
    first, *rest = widths
    return [row[0].ljust(first), *(text.rjust(width) for text, width in zip(row[1:], rest, strict=True))]


def _line(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"
