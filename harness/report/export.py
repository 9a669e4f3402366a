"""The merged table as files."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet

from harness.analysis.gates import Gates, gates
from harness.analysis.tidy import TidyRow, rows
from harness.documents import replacing
from harness.documents.run_folder import Cell
from harness.report import render
from harness.report.accuracy import precision_tables, published_table
from harness.report.latency import Timed, arrange, timed
from harness.report.table import Table
from harness.text import defused

TYPES = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def write_parquet(rows: Sequence[TidyRow], path: Path) -> None:
    """Write the rows as Parquet, a column for each field of a row."""
    columns = {
        name: pa.array([getattr(row, name) for row in rows], TYPES[(get_args(kind) or [kind])[0]])
        for name, kind in get_type_hints(TidyRow).items()
    }
    with path.open("wb") as file:  # since a path goes to pyarrow as UTF-8, which a file's name need not be
        pyarrow.parquet.write_table(pa.table(columns), file, compression="zstd")


def write_csv(rows: Sequence[TidyRow], path: Path) -> None:
    """Write the rows as CSV; a text that a spreadsheet would compute is defused, what is unknown is empty."""
    names = [field.name for field in fields(TidyRow)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            values = (getattr(row, name) for name in names)
            writer.writerow([defused(value) if isinstance(value, str) else value for value in values])


@dataclass
class Merged:
    """What stays of the cells when their samples have gone: tidy rows, and what the wide tables need."""

    rows: list[TidyRow] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    detected: list[Cell] = field(default_factory=list)
    cells: int = 0

    def add(self, run: str, cell: Cell) -> None:
        """Take in a cell of the named run."""
        self.cells += 1
        self.rows += rows(run, cell)
        if cell.job.suite == "latency":
            self.timed.append(timed(cell))
        else:
            self.detected.append(cell)

    @property
    def gates(self) -> Gates:
        """The verdicts on the detections of each model, environment and hardware."""
        return gates(self.detected)


def write(merged: Merged, out: Path, published: bool) -> None:
    """Write the tidy table and the wide ones into a folder. Raises StorageError where they can't be."""
    latency = [arrange(merged.timed, merged.gates, published)] if merged.timed or published else []
    accuracy = precision_tables(merged.detected, with_published=published) + ([published_table()] if published else [])
    with replacing(out / "tidy.parquet") as path:
        write_parquet(merged.rows, path)
    with replacing(out / "tidy.csv") as path:
        write_csv(merged.rows, path)
    for name, tables in (("latency", latency), ("map", accuracy)):
        _write_tables(tables, out / name)


def _write_tables(tables: list[Table], stem: Path) -> None:
    markdown = "\n".join(map(render.markdown, tables)) or "No result of this suite was merged.\n"
    for path, text in ((stem.with_suffix(".md"), markdown), (stem.with_suffix(".csv"), render.stacked_csv(tables))):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
