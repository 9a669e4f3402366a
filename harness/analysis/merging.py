"""The results of many runs as one tidy table."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet

from harness.analysis.tidy import Row
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput
from harness.report.render import defused

TYPES = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def cells_of(folders: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Cell]]:
    """Yield the cells of the runs, one at a time. Raises BadInput where a measurement comes twice.

    A cell is known by its machine, its name and when it began, so that a copy of a run is not taken for a repeat.
    """
    seen: dict[tuple[str | None, str, str], RunFolder] = {}
    for folder in folders:
        for cell in folder.stream():
            host = cell.execution.host.id if cell.execution else None
            first = seen.setdefault((host, cell.job.cell, cell.result.started_at), folder)
            if first is not folder:
                raise BadInput(
                    f"{folder.path} holds the measurement {cell.job.cell} that {first.path} holds already",
                    "name each run once",
                )
            yield folder, cell


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as Parquet, a column for each field of a row."""
    columns = {
        name: pa.array([getattr(row, name) for row in rows], TYPES[(get_args(kind) or [kind])[0]])
        for name, kind in get_type_hints(Row).items()
    }
    pyarrow.parquet.write_table(pa.table(columns), path, compression="zstd")


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV; a text that a spreadsheet would compute is defused, what is unknown is empty."""
    names = [field.name for field in fields(Row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            values = (getattr(row, name) for name in names)
            writer.writerow([defused(value) if isinstance(value, str) else value for value in values])
