"""A table between its maker and its renderer."""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal


class Form(Enum):
    """Where a table stands: on a terminal in short, there or on a page in full, or in a file as CSV."""

    SHORT = "short"
    LONG = "long"
    CSV = "csv"


EVERYWHERE = frozenset(Form)
#: What a person sees in either form, what is left out in short, what is in the long form alone, and in CSV alone.
SHOWN, FULL = frozenset({Form.SHORT, Form.LONG}), frozenset({Form.LONG, Form.CSV})
LONG, CSV = frozenset({Form.LONG}), frozenset({Form.CSV})


@dataclass(frozen=True)
class Column:
    """A heading and the text of each row below it.

    Figures stand at the right, names and words at the left; a narrow terminal breaks words alone. `forms` are those of
    the table that have the column.
    """

    heading: str
    values: list[str]
    kind: Literal["figures", "names", "words"] = "figures"
    forms: frozenset[Form] = EVERYWHERE


@dataclass(frozen=True)
class Table:
    """A table ready to render: the column that names the rows, groups of columns, and the notes below it.

    Where a page is too narrow for all columns, those of one group stay together. What all columns share is said once,
    in `shared`. A plain list has no title.
    """

    title: str
    names: Column
    groups: list[list[Column]]
    notes: list[str] = field(default_factory=list)
    shared: str = ""

    def of(self, form: Form) -> "Table":
        """Return the table in that form."""
        groups = [[column for column in group if form in column.forms] for group in self.groups]
        return replace(self, groups=[group for group in groups if group])

    def stands_in(self, form: Form) -> bool:
        """Tell whether there is anything to show in that form."""
        return not self.groups or bool(self.of(form).groups)

    @property
    def headline(self) -> str:
        """The title, with what all columns share."""
        return ": ".join(filter(None, (self.title, self.shared)))

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
