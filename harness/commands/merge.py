"""harness merge: runs of one or several machines as one tidy table, and as wide ones."""

from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from harness.commands.report import open_runs
from harness.display import working
from harness.documents import replacing
from harness.errors import BadInput
from harness.merge import write_csv, write_parquet
from harness.report import render
from harness.report.accuracy import by_series, precision_tables, published_table
from harness.report.latency import Gates, Timed, arrange, columns, gates, timed
from harness.report.table import Table
from harness.series import conflicts
from harness.storage import Cell, RunFolder, once
from harness.terminal import say
from harness.tidy import Row, published_rows, rows


@dataclass
class Merged:
    """What stays of the cells when their samples have gone: tidy rows, and what the wide tables need."""

    rows: list[Row] = field(default_factory=list)
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


def merge_runs(names: list[str], out: Path, *, published: bool, allow: bool) -> None:
    """Write tidy.parquet, tidy.csv and the wide tables into a folder.

    Raises BadInput, before anything is written, where results of one environment and machine were not measured alike,
    unless that is allowed; then each kind has a column or a table of its own that says what it is.
    """
    console = Console()
    folders = open_runs(names)
    merged = Merged()
    with working(console, "reading results"):
        for folder, cell in once(folders):
            merged.add(folder.label, cell)
    if not merged.cells and not published:
        raise BadInput("there is nothing to merge", "name a RUN whose cells have results, or give --published")
    found = conflicts([*columns(merged.timed), *by_series(merged.detected)])
    if found and not allow:
        remedy = "merge fewer runs, or set the kinds side by side, labelled, with --allow"
        raise BadInput("not comparable: " + "; ".join(found), remedy)
    if published:
        merged.rows += published_rows()
    with working(console, "writing tables"):
        _write(merged, out, published)
    _tell(console, merged, folders, out)
    for conflict in found:
        say(console, f"labelled, not comparable: {conflict}")


def _write(merged: Merged, out: Path, published: bool) -> None:
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


def _tell(console: Console, merged: Merged, folders: list[RunFolder], out: Path) -> None:
    missing = sum(len([cell for cell in folder.plan.cells if cell.job.shard is None]) for folder in folders)
    missing -= merged.cells
    counts = [_count(merged.cells, "cell"), _count(len(folders), "run"), _count(len(merged.rows), "row")]
    say(console, f"{counts[0]} of {counts[1]}, {counts[2]}: {out}")
    if missing:
        say(console, f"{_count(missing, 'planned cell')} left out: no result yet")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
