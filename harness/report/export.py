"""The merged table as files."""

import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from harness.analysis.merging import Merged
from harness.analysis.tidy import COLUMNS
from harness.documents import replacing
from harness.report import render
from harness.report.accuracy import precision_tables, published_table
from harness.report.latency import arrange
from harness.report.table import Table
from harness.text import defused

#: How many rows of CSV are made at once.
BATCH = 2_000


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write the tidy table as Parquet, categories as the texts that they are; what is unknown is null."""
    table = pa.Table.from_pandas(frame, pa.schema(COLUMNS), preserve_index=False).replace_schema_metadata(None)
    with path.open("wb") as file:  # since a path goes to pyarrow as UTF-8, which a file's name need not be
        # Without Arrow's schema in the file, whoever reads it has texts, and no dictionaries.
        pyarrow.parquet.write_table(table, file, compression="zstd", store_schema=False)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write the tidy table as CSV; a text that a spreadsheet would compute is defused, what is unknown is empty.

    pyarrow.csv would quote every text. Here each distinct text is defused and quoted, if it has to be, once.
    """
    columns = [_in_csv(frame[name]) for name in frame.columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(frame.columns) + "\n")
        for start in range(0, len(frame), BATCH):
            texts = [column.slice(start, BATCH).cast(pa.string()).fill_null("") for column in columns]
            lines = pc.binary_join_element_wise(*texts, ",")
            file.writelines(f"{line}\n" for line in lines.to_pylist())


def _in_csv(column: pd.Series) -> pa.Array:
    """Return the column as texts, or something that becomes texts by a cast, null where there is nothing to say."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        texts = pa.array([_quoted(defused(text)) for text in column.cat.categories], pa.string())
        codes = pa.array(column.cat.codes, pa.int32(), mask=column.isna())
        return pa.DictionaryArray.from_arrays(codes, texts)
    if pd.api.types.is_bool_dtype(column.dtype):
        return pa.array(column.map({True: "True", False: "False"}), pa.string())
    if pd.api.types.is_float_dtype(column.dtype):
        return pa.array([None if value != value else repr(value) for value in column.tolist()], pa.string())
    return pa.array(column, pa.int64())


def _quoted(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text, ""])  # of one alone, an empty text would be quoted
    return line.getvalue()[:-1]


def write(merged: Merged, out: Path, published: bool) -> None:
    """Write the tidy table and the wide ones into a folder. Raises StorageError where they can't be."""
    latency = [arrange(merged.timed, merged.gates, published)] if merged.timed or published else []
    accuracy = precision_tables(merged.detected, with_published=published) + ([published_table()] if published else [])
    with replacing(out / "tidy.parquet") as path:
        write_parquet(merged.frame, path)
    with replacing(out / "tidy.csv") as path:
        write_csv(merged.frame, path)
    for name, tables in (("latency", latency), ("map", accuracy)):
        _write_tables(tables, out / name)


def _write_tables(tables: list[Table], stem: Path) -> None:
    markdown = "\n".join(map(render.markdown, tables)) or "No result of this suite was merged.\n"
    for path, text in ((stem.with_suffix(".md"), markdown), (stem.with_suffix(".csv"), render.stacked_csv(tables))):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
