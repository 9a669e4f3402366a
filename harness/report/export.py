"""The merged table as files."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from harness.analysis.merging import Merged
from harness.analysis.tidy import CELL, COLUMNS, FIGURES, LABELS, Tidy, table_of
from harness.documents import replacing
from harness.report import render
from harness.report.accuracy import precision_tables, published_table
from harness.report.latency import arrange
from harness.report.table import Table
from harness.text import defused

#: How many rows of CSV are made at once.
BATCH = 2_000


def write_parquet(rows: Tidy, path: Path) -> None:
    """Write the tidy table as Parquet, texts as the texts that they are; what is unknown is null."""
    with path.open("wb") as file:  # since a path goes to pyarrow as UTF-8, which a file's name need not be
        # Without Arrow's schema in the file, whoever reads it has texts, and no dictionaries.
        pyarrow.parquet.write_table(table_of(rows), file, compression="zstd", store_schema=False)


def write_csv(rows: Tidy, path: Path) -> None:
    """Write the tidy table as CSV; a text that a spreadsheet would compute is defused, what is unknown is empty.

    pyarrow.csv would quote every text. Here each distinct text is defused and quoted, if it has to be, once, and what
    the labels of a cell make of its lines is made once a cell.
    """
    labels = _joined(_in_csv(rows.cells[name]) for name in LABELS)
    figures, of = [_in_csv(rows.figures[name]) for name in FIGURES], rows.figures[CELL].combine_chunks()
    with path.open("wb") as file:
        file.write(",".join(COLUMNS).encode() + b"\n")
        for start in range(0, len(of), BATCH):
            own = (column.slice(start, BATCH) for column in figures)
            lines = _joined([labels.take(of.slice(start, BATCH)), *own])
            whole = pa.ListArray.from_arrays(pa.array([0, len(lines)], pa.int32()), lines)
            file.write(pc.binary_join(whole, "\n")[0].as_buffer())
            file.write(b"\n")


def _joined(columns: Iterable[pa.Array]) -> pa.Array:
    """Return what columns make of lines."""
    return pc.binary_join_element_wise(*(column.cast(pa.string()).fill_null("") for column in columns), ",")


def _in_csv(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as texts, or something that becomes texts by a cast, null where there is nothing to say."""
    whole = column.combine_chunks()
    if pa.types.is_dictionary(whole.type):
        texts = pa.array([_quoted(defused(text)) for text in whole.dictionary.to_pylist()], pa.string())
        return pa.DictionaryArray.from_arrays(whole.indices, texts)
    if pa.types.is_boolean(whole.type):
        return pc.if_else(whole, "True", "False")
    if pa.types.is_floating(whole.type):
        values = whole.to_numpy(zero_copy_only=False).tolist()  # null as NaN, and there is no other
        return pa.array([None if value != value else repr(value) for value in values], pa.string())
    return whole


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text, ""])  # of one alone, an empty text would be quoted
    return line.getvalue()[:-1]


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
