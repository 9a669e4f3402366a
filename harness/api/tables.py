"""A table as people read it, as a value."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from harness.api.shown import Shown
from harness.report import render
from harness.report.table import Form, Table


@dataclass(frozen=True, repr=False, eq=False)
class TextTable(Shown):
    """A table of texts, rounded and labelled for people: title, `frame` with a row a model, and the notes below it.

    It has the columns that `--long` shows.

    To compute with figures, take those of `harness.load`.
    """

    title: str
    frame: pd.DataFrame
    notes: list[str]
    document: Table = field(repr=False)

    def markdown(self) -> str:
        """Return it as `harness report --format markdown` prints it."""
        return render.markdown(self.document)

    def csv(self) -> str:
        """Return it as `harness report --format csv` prints it; what a spreadsheet would compute is defused."""
        return render.csv_text(self.document)

    def _title(self) -> str:
        return self.title

    def _lines(self) -> list[str]:
        return [f"- {note}" for note in self.notes]

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.frame


def text_table(table: Table) -> TextTable:
    """Return a table of the command line as a value."""
    full = table.of(Form.LONG)
    index = pd.Index(full.names.values, name=full.names.heading)
    frame = pd.DataFrame([row[1:] for row in full.rows], index=index, columns=full.headings[1:])
    return TextTable(full.headline, frame, full.notes, table)
