"""harness report: the tables of runs."""

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.documents.runs import cells_of, open_runs
from harness.errors import BadInput, unknown
from harness.report import render
from harness.report.gallery import write_gallery
from harness.report.history import history_tables
from harness.report.table import Form
from harness.report.tables import tables_of
from harness.report.writing import write_history, write_page


def print_report(names: list[str], *, published: bool, form: str | None, long: bool, over_time: bool = False) -> None:
    """Print the tables of the named runs, in the terminal's own form unless one is asked for; in a file in full."""
    if form not in (None, "markdown", "csv"):
        raise unknown("format", form, ["markdown", "csv"])
    folders = open_runs(names)
    tables = history_tables(folders) if over_time else tables_of(cells_of(folders), published=published)
    if form is None and sys.stdout.isatty():
        print_tables(Console(), tables, Form.LONG if long else Form.SHORT)
    elif form == "csv":
        sys.stdout.write("\n".join(render.csv_text(table) for table in tables if table.stands_in(Form.CSV)))
    else:
        sys.stdout.write("\n".join(map(render.markdown, tables)))


def write_report(names: list[str], out: Path, *, published: bool, over_time: bool = False) -> None:
    """Write report.html, which needs no other file, and report.md with its charts into a folder."""
    console, folders = Console(), open_runs(names)
    with progress_on(console).working("drawing"):
        written = (write_history if over_time else write_page)(folders, out, published=published)
    say(console, str(written))


def add_to_gallery(names: list[str], out: Path, *, published: bool, others: Mapping[str, object]) -> None:
    """Write a page of each run into a gallery, and its index anew; `others` are the options that write otherwise."""
    for other in (name for name, value in others.items() if value):
        raise BadInput(f"--gallery writes a page of each run, and {other} something else", "leave one of them out")
    console, folders = Console(), open_runs(names)
    with progress_on(console).working("drawing"):
        written = write_gallery(folders, out, published=published)
    say(console, str(written))
