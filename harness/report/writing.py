"""A page of runs, written into a folder."""

import shlex
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness import documents
from harness.analysis.history import History
from harness.documents.comparison import Comparison
from harness.documents.plan import is_call
from harness.documents.run_folder import RunFolder
from harness.documents.runs import cells_of
from harness.report.comparison import comparison_tables, side
from harness.report.history import histories_of, history_table
from harness.report.profiled import slower
from harness.report.tables import tables_of

if TYPE_CHECKING:
    from harness.report.page import Report


def write_page(folders: list[RunFolder], out: Path, *, published: bool) -> Path:
    """Write report.html, which needs no other file, and report.md with its charts into a folder. Returns the first."""
    return lay(report_of(folders, title_of(folders), published=published), out)


def title_of(folders: Sequence[RunFolder]) -> str:
    """Return what stands above the page of runs."""
    return f"Report of {', '.join(folder.label for folder in folders)}"


def write_comparison(found: Comparison, folders: list[RunFolder], out: Path) -> Path:
    """Write a page of two sides beside each other, and below it their whole runs, as write_page does."""
    return lay(report_of(folders, f"A: {side(found.a)} · B: {side(found.b)}", found), out)


def write_history(folders: list[RunFolder], out: Path, *, published: bool) -> Path:
    """Write a page of runs that begins with what each model took over time, as write_page does."""
    title = f"{len(folders)} runs over time"
    return lay(report_of(folders, title, histories=histories_of(folders), published=published), out)


def report_of(
    folders: list[RunFolder],
    title: str,
    found: Comparison | None = None,
    histories: Sequence[History] = (),
    *,
    published: bool = False,
) -> "Report":
    """Return what a page of runs is made from. Raises BadInput where no cell has a result, or one comes twice."""
    from harness.report import page  # only here: what draws takes a while to import

    cells = cells_of(folders)
    first = [*(comparison_tables(found) if found else []), *map(history_table, histories)]
    return page.Report(
        cells=cells,
        tables=[*first, *tables_of(cells, published=published)],
        published=published,
        commands=[_command(folder.plan.command) for folder in folders],
        title=title,
        clips=page.clips_of(folders),
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        comparison=found,
        histories=histories,
        slower=list(slower(cells)),
    )


def lay(report: "Report", out: Path) -> Path:
    """Write report.html and all that lies beside it into a folder. Returns the path of the first."""
    from harness.report import page

    files = {"report.html": page.build(report), "report.md": page.markdown(report)}
    files |= page.static_charts(report.charts)
    for clip in (each for each in report.clips if not each.is_small):
        with documents.replacing(out / clip.file_name) as part:
            shutil.copyfile(clip.file, part)
    for name, text in files.items():
        with documents.replacing(out / name) as part:
            part.write_text(text, encoding="utf-8")
    return out / "report.html"


def _command(recorded: Sequence[str]) -> str:
    """Return what repeats a run: the command, or the call in Python."""
    arguments = [_without_place(text) for text in recorded]
    if is_call(recorded):
        return f"{arguments[0]}({', '.join(arguments[1:])})"
    return f"harness {shlex.join(arguments)}"


def _without_place(argument: str) -> str:
    """Return an argument, of an absolute path the last part alone: a page may go to anyone."""
    if argument.startswith("/"):
        return f"…/{Path(argument).name}"
    option, equals, value = argument.partition("=")  # of an option, a build argument or a keyword
    quote = value[:1] if value[:1] in ("'", '"') else ""
    path = Path(value.strip(quote))
    return f"{option}{equals}{quote}…/{path.name}{quote}" if path.is_absolute() else argument
