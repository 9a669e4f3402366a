"""harness report: the latency table of runs."""

import sys

from rich.console import Console

from harness.errors import BadInput, unknown
from harness.report import render
from harness.report.table import Table, latency_table
from harness.storage import Cell, RunFolder, runs


def print_report(names: list[str], *, published: bool, form: str | None) -> None:
    """Print the table of the named runs, in the terminal's own form unless one is asked for."""
    if form not in (None, "markdown", "csv"):
        raise unknown("format", form, ["markdown", "csv"])
    table = latency_table(_cells(names), with_published=published)
    if form is None and sys.stdout.isatty():
        print_table(Console(), table)
    else:
        sys.stdout.write(render.csv_text(table) if form == "csv" else render.markdown(table))


def print_table(console: Console, table: Table) -> None:
    """Print a table and its notes on a terminal."""
    console.print(f"\n{table.title}", style="bold", highlight=False)
    for page in render.terminal(table, console):
        console.print("", page, sep="\n")
    console.print()
    for note in table.notes:
        console.print(f"- {note}", markup=False, highlight=False)


def _cells(names: list[str]) -> list[Cell]:
    cells = [cell for name in names for cell in _open(name).cells()]
    if not cells:
        raise BadInput(f"{' '.join(names)}: no cell has a result yet", "go on with: harness run --resume ID")
    return cells


def _open(name: str) -> RunFolder:
    if name != "latest":
        return RunFolder.open(name)
    newest = next(iter(runs()), None)
    if newest is None:
        raise BadInput("there is no run yet", "make one with: harness run")
    return newest
