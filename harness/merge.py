"""The results of many runs as one tidy table."""

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet

from harness.report.render import defused
from harness.tidy import Row

TYPES = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as Parquet, a column for each field of a row."""
    columns = {
        name: pa.array([getattr(row, name) for row in rows], TYPES[(get_args(kind) or [kind])[0]])
        for name, kind in get_type_hints(Row).items()
    }
    with path.open("wb") as file:  # since a path goes to pyarrow as UTF-8, which a file's name need not be
        pyarrow.parquet.write_table(pa.table(columns), file, compression="zstd")


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV; a text that a spreadsheet would compute is defused, what is unknown is empty."""
    names = [field.name for field in fields(Row)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            values = (getattr(row, name) for name in names)
            writer.writerow([defused(value) if isinstance(value, str) else value for value in values])
