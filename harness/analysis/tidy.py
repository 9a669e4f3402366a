"""The tidy table: a row for each cell and metric, and what was published in the same form, as Arrow and as a DataFrame.

docs/results.md describes the columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from harness.analysis.tidy_figure import Labels, TidyFigure
from harness.knobs import columns

if TYPE_CHECKING:
    from pandas import DataFrame

TEXT, COUNT, FIGURE, FLAG = pa.dictionary(pa.int32(), pa.string()), pa.int64(), pa.float64(), pa.bool_()
#: What holds the values of a knob.
BY_TYPE: dict[type, pa.DataType] = {int: COUNT, float: FIGURE, str: TEXT}
#: The columns that say what a figure is of: one value a cell.
LABELS: dict[str, pa.DataType] = {
    "run": TEXT,
    "host": TEXT,
    "cell": TEXT,
    "status": TEXT,
    "environment": TEXT,
    "image_tag": TEXT,
    "image_id": TEXT,
    "torch": TEXT,
    "torchvision": TEXT,
    "hardware": TEXT,
    "device": TEXT,
    "model": TEXT,
    "suite": TEXT,
    "protocol": TEXT,
    "weights": TEXT,
    "inputs": TEXT,
    "content": TEXT,
    **{name: BY_TYPE[kind] for name, kind in columns.OBSERVED.items()},
    "cpu_quota": TEXT,
    "numerics": TEXT,
    "python": TEXT,
    "gpu": TEXT,
    "runner": TEXT,
    "harness": TEXT,
    **{name: BY_TYPE[kind] for name, kind in columns.ASKED.items()},
    "repeat": COUNT,
    "pinned": FLAG,
    "detects_as": TEXT,
    "warnings": TEXT,
}
#: The columns of the figure itself.
FIGURES: dict[str, pa.DataType] = {
    "metric": TEXT,
    "iou": TEXT,
    "box_rule": TEXT,
    "reported": FLAG,
    "value": FIGURE,
    "low": FIGURE,
    "high": FIGURE,
    "unit": TEXT,
    "n": COUNT,
}
COLUMNS = LABELS | FIGURES
#: Of how many cells rows become columns at once.
BATCH = 1000
#: The column of the figures that says which of the cells they are of.
CELL = "of_cell"


class Tidy(NamedTuple):
    """The table in two: `cells` with LABELS, a row a cell, and `figures` with FIGURES and the number of their cell."""

    cells: pa.Table
    figures: pa.Table


class Rows:
    """The rows of cells as they are read; of every thousand cells they become columns, which take less memory."""

    def __init__(self) -> None:
        self._cells: list[Labels] = []
        self._figures: list[TidyFigure] = []
        self._of: list[int] = []
        self._settled = 0
        self._batches: list[Tidy] = []

    def add(self, labels: Labels, figures: Iterable[TidyFigure]) -> None:
        """Take in a cell, in at least a row."""
        before = len(self._figures)
        self._figures += figures
        if len(self._figures) == before:
            self._figures.append(TidyFigure())
        self._of += [self._settled + len(self._cells)] * (len(self._figures) - before)
        self._cells.append(labels)
        if len(self._cells) == BATCH:
            self._settle()

    def tidy(self) -> Tidy:
        """Return what was taken in."""
        self._settle()
        return _joined(self._batches)

    def _settle(self) -> None:
        cells = _arrays(LABELS, ([cell.get(name) for cell in self._cells] for name in LABELS))
        figures = _arrays(FIGURES, zip(*self._figures, strict=True) if self._figures else [[] for _ in FIGURES])
        numbered = {CELL: pa.array(self._of, COUNT)} | figures
        self._batches.append(Tidy(pa.table(cells), pa.table(numbered)))
        self._settled += len(self._cells)
        self._cells, self._figures, self._of = [], [], []


def _arrays(kinds: Mapping[str, pa.DataType], columns: Iterable[Iterable[Any]]) -> dict[str, pa.Array]:
    """Return Arrow's columns; what is None or no number is null."""
    named = zip(kinds.items(), columns, strict=True)
    return {name: pa.array(column, kind, from_pandas=True) for (name, kind), column in named}


def _joined(parts: Sequence[Tidy]) -> Tidy:
    """Return parts one below the other, whose figures name the cells by the number that they have there."""
    return Tidy(*(pa.concat_tables(tables).unify_dictionaries() for tables in zip(*parts, strict=True)))


def whole_of(tidies: Iterable[Tidy]) -> Tidy:
    """Return tables one below the other; of none, the columns."""
    parts, before = [EMPTY], 0
    for cells, figures in tidies:
        parts.append(Tidy(cells, _shifted(figures, before)))
        before += cells.num_rows
    return Tidy(*(table.combine_chunks() for table in _joined(parts)))


def table_of(whole: Tidy) -> pa.Table:
    """Return a row for each figure with the labels of its cell, as Arrow has it."""
    labels, values = whole.cells.take(whole.figures[CELL]), whole.figures.drop_columns(CELL)
    return pa.table(dict(zip(COLUMNS, [*labels.columns, *values.columns], strict=True)))


def frame_of(whole: Tidy) -> "DataFrame":
    """Return a row for each figure with the labels of its cell: texts as categories, what is unknown as missing.

    Counts are Int64, flags boolean, figures float64.
    """
    import pandas as pd

    values = _frame(whole.figures.drop_columns(CELL))
    # Only here has each row the labels of its cell: as categories, in a few bytes.
    labels = _frame(whole.cells).take(whole.figures[CELL].to_numpy()).set_axis(values.index)
    return pd.concat([labels, values], axis=1)


def _shifted(figures: pa.Table, by: int) -> pa.Table:
    return figures.set_column(0, CELL, pa.array(figures[CELL].to_numpy() + by, COUNT))


def _frame(table: pa.Table) -> "DataFrame":
    import pandas as pd

    mapped = {COUNT: pd.Int64Dtype(), FLAG: pd.BooleanDtype()}
    frame: DataFrame = table.to_pandas(types_mapper=mapped.get, split_blocks=True)
    return frame


EMPTY = Rows().tidy()
