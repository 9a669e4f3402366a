"""harness report: the tables of runs."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from harness import documents
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.documents.runs import cells_of, open_runs
from harness.errors import unknown
from harness.report import render
from harness.report.table import Form
from harness.report.tables import tables_of


def print_report(names: list[str], *, published: bool, form: str | None, long: bool) -> None:
    """Print the tables of the named runs, in the terminal's own form unless one is asked for; in a file in full."""
    if form not in (None, "markdown", "csv"):
        raise unknown("format", form, ["markdown", "csv"])
    tables = tables_of(cells_of(open_runs(names)), published=published)
    if form is None and sys.stdout.isatty():
        print_tables(Console(), tables, Form.LONG if long else Form.SHORT)
    else:
        sys.stdout.write("\n".join(map(render.csv_text if form == "csv" else render.markdown, tables)))


def write_report(names: list[str], out: Path, *, published: bool) -> None:
    """Write report.html, which needs no other file, and report.md with its charts into a folder."""
    from harness.report import page  # only here: what draws takes a while to import

    console, folders = Console(), open_runs(names)
    with progress_on(console).working("drawing"):
        cells = cells_of(folders)
        report = page.Report(
            cells=cells,
            tables=tables_of(cells, published=published),
            published=published,
            commands=[f"harness {shlex.join(map(_without_place, folder.plan.command))}" for folder in folders],
            title=f"Report of {', '.join(folder.label for folder in folders)}",
            made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
        files = {"report.html": page.build(report), "report.md": page.markdown(report)}
        files |= page.static_charts(report.charts)
        for name, text in files.items():
            with documents.replacing(out / name) as part:
                part.write_text(text, encoding="utf-8")
    say(console, str(out / "report.html"))


def _without_place(argument: str) -> str:
    """Return an argument of a command, of an absolute path the last part alone: a page may go to anyone."""
    option, equals, value = argument.rpartition("=")
    path = Path(value)
    return f"{option}{equals}…/{path.name}" if path.is_absolute() else argument
