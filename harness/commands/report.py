"""harness report: the tables of runs."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from harness import documents
from harness.display import working
from harness.errors import BadInput, unknown
from harness.report import render
from harness.report.accuracy import accuracy_tables
from harness.report.agreement import agreement_table
from harness.report.latency import latency_table
from harness.report.table import Table
from harness.storage import Cell, RunFolder, once, runs, told_apart
from harness.terminal import said, say


def print_report(names: list[str], *, published: bool, form: str | None) -> None:
    """Print the tables of the named runs, in the terminal's own form unless one is asked for."""
    if form not in (None, "markdown", "csv"):
        raise unknown("format", form, ["markdown", "csv"])
    tables = tables_of(cells_of(open_runs(names)), published=published)
    if form is None and sys.stdout.isatty():
        print_tables(Console(), tables)
    else:
        sys.stdout.write("\n".join(map(render.csv_text if form == "csv" else render.markdown, tables)))


def write_report(names: list[str], out: Path, *, published: bool) -> None:
    """Write report.html, which needs no other file, and report.md with its charts into a folder."""
    from harness.report import page  # only here: what draws takes a while to import

    console, folders = Console(), open_runs(names)
    with working(console, "drawing"):
        cells = cells_of(folders)
        report = page.Report(
            cells=cells,
            tables=tables_of(cells, published=published),
            published=published,
            commands=[f"harness {shlex.join(map(_without_place, folder.plan.command))}" for folder in folders],
            title=f"Report of {', '.join(folder.label for folder in folders)}",
            made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        charts = page.static_charts(cells, published=published)
        files = {"report.html": page.build(report), "report.md": page.markdown(report), **charts}
        for name, text in files.items():
            with documents.replacing(out / name) as part:
                part.write_text(text, encoding="utf-8")
    say(console, str(out / "report.html"))


def _without_place(argument: str) -> str:
    """Return an argument of a command, of an absolute path the last part alone: a page may go to anyone."""
    option, equals, value = argument.rpartition("=")
    path = Path(value)
    return f"{option}{equals}…/{path.name}" if path.is_absolute() else argument


def tables_of(cells: list[Cell], *, published: bool) -> list[Table]:
    """Return the tables of whatever was measured in the cells."""
    timed = any(cell.job.suite == "latency" for cell in cells)
    latencies = [latency_table(cells, with_published=published)] if timed else []
    agreements = [cell.agreement for cell in cells if cell.agreement]
    compared = [agreement_table(agreements)] if agreements else []
    return latencies + accuracy_tables(cells, with_published=published) + compared


def print_tables(console: Console, tables: list[Table]) -> None:
    """Print tables and their notes on a terminal."""
    for table in tables:
        print_table(console, table)


def print_table(console: Console, table: Table) -> None:
    """Print a table and its notes on a terminal."""
    table = render.harmless(table)
    console.print()
    say(console, table.title, style="bold")
    for page in render.terminal(table, console):
        console.print("", page, sep="\n")
    console.print()
    for note in table.notes:
        console.print(said(f"- {note}"))  # as wide as the table, wherever it goes


def cells_of(folders: list[RunFolder]) -> list[Cell]:
    """Return the cells of the runs. Raises BadInput where there are none, and where a measurement comes twice."""
    cells = [cell for _, cell in once(folders)]
    if not cells:
        names = " ".join(folder.name for folder in folders)
        raise BadInput(f"{names}: no cell has a result yet", "go on with: harness run --resume ID")
    return cells


def open_runs(names: list[str]) -> list[RunFolder]:
    """Return runs as open_run does, labelled so that tables tell them apart."""
    return told_apart([open_run(name) for name in names])


def open_run(name: str) -> RunFolder:
    """Return a run by its ID or path, or the newest one where it says latest. Raises BadInput where there is none."""
    if name != "latest":
        return RunFolder.open(name)
    newest = next(iter(runs()), None)
    if newest is None:
        raise BadInput("there is no run yet", "make one with: harness run")
    return newest
