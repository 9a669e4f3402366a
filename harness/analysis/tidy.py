"""The tidy table: a row for each cell and metric, and what was published in the same form, as Arrow and as a DataFrame.

docs/results.md describes the columns.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
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


class Rows:
    """The rows of cells as they are read; of every thousand cells they become columns, which take less memory."""

    def __init__(self) -> None:
        self._cells: list[Labels] = []
        self._figures: list[TidyFigure] = []
        self._counts: list[int] = []
        self._tables: list[pa.Table] = []

    def add(self, labels: Labels, figures: Iterable[TidyFigure]) -> None:
        """Take in a cell, in at least a row."""
        before = len(self._figures)
        self._figures += figures
        if len(self._figures) == before:
            self._figures.append(TidyFigure())
        self._cells.append(labels)
        self._counts.append(len(self._figures) - before)
        if len(self._cells) == BATCH:
            self._settle()

    def table(self) -> pa.Table:
        """Return the rows with the columns of COLUMNS."""
        self._settle()
        return pa.concat_tables(self._tables).unify_dictionaries()

    def _settle(self) -> None:
        labels = pa.table(_arrays(LABELS, ([cell.get(name) for cell in self._cells] for name in LABELS)))
        figures = _arrays(FIGURES, zip(*self._figures, strict=True) if self._figures else [[] for _ in FIGURES])
        rows = labels.take(np.repeat(np.arange(len(self._counts)), self._counts))
        for name, column in figures.items():
            rows = rows.append_column(name, column)
        self._tables.append(rows)
        self._cells, self._figures, self._counts = [], [], []


def _arrays(kinds: Mapping[str, pa.DataType], columns: Iterable[Iterable[Any]]) -> dict[str, pa.Array]:
    return {name: pa.array(column, kind) for (name, kind), column in zip(kinds.items(), columns, strict=True)}


def frame_of(tables: Iterable[pa.Table]) -> "DataFrame":
    """Return the rows of tables, one below the other, as a DataFrame: texts as categories, what is unknown as missing.

    Counts are Int64, flags boolean, figures float64.
    """
    import pandas as pd

    mapped = {COUNT: pd.Int64Dtype(), FLAG: pd.BooleanDtype()}
    whole = pa.concat_tables([EMPTY, *tables]).unify_dictionaries()
    frame: DataFrame = whole.to_pandas(types_mapper=mapped.get, split_blocks=True, self_destruct=True)
    return frame


EMPTY = Rows().table()
