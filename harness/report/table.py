"""A table between its maker and its renderer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A heading and the text of each row below it."""

    heading: str
    values: list[str]


@dataclass(frozen=True)
class Table:
    """A table ready to render: the column that names the rows, groups of columns, and the notes below it.

    Where a page is too narrow for all columns, those of one group stay together.
    """

    title: str
    names: Column
    groups: list[list[Column]]
    notes: list[str]

    @property
    def columns(self) -> list[Column]:
        """Every column from left to right."""
        return [self.names, *(column for group in self.groups for column in group)]

    @property
    def headings(self) -> list[str]:
        """The heading of each column."""
        return [column.heading for column in self.columns]

    @property
    def rows(self) -> list[list[str]]:
        """The text of each row, column by column."""
        return [list(row) for row in zip(*(column.values for column in self.columns), strict=True)]
