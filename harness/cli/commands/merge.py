"""harness merge: runs of one or several machines as one tidy table, and as wide ones."""

from pathlib import Path

from rich.console import Console

from harness.analysis.labels import conflicts
from harness.analysis.tidy import published_rows
from harness.cli.console import say
from harness.cli.live import progress_on
from harness.documents.run_folder import RunFolder
from harness.documents.runs import once, open_runs
from harness.errors import BadInput
from harness.report.accuracy import by_series
from harness.report.export import Merged, write
from harness.report.latency import columns
from harness.text import count


def merge_runs(names: list[str], out: Path, *, published: bool, allow: bool) -> None:
    """Write tidy.parquet, tidy.csv and the wide tables into a folder.

    Raises BadInput, before anything is written, where results of one environment and machine were not measured alike,
    unless that is allowed; then each kind has a column or a table of its own that says what it is.
    """
    console = Console()
    folders = open_runs(names)
    merged = Merged()
    with progress_on(console).working("reading results"):
        for folder, cell in once(folders):
            merged.add(folder.label, cell)
    if not merged.cells and not published:
        raise BadInput("there is nothing to merge", "name a RUN whose cells have results, or give --published")
    differing = conflicts([*columns(merged.timed), *by_series(merged.detected)])
    if differing and not allow:
        remedy = "merge fewer runs, or set the kinds side by side, labelled, with --allow"
        raise BadInput("not comparable: " + "; ".join(differing), remedy)
    if published:
        merged.rows += published_rows()
    with progress_on(console).working("writing tables"):
        write(merged, out, published)
    _tell(console, merged, folders, out)
    for conflict in differing:
        say(console, f"labelled, not comparable: {conflict}")


def _tell(console: Console, merged: Merged, folders: list[RunFolder], out: Path) -> None:
    missing = sum(len([cell for cell in folder.plan.cells if cell.job.shard is None]) for folder in folders)
    missing -= merged.cells
    counts = [count(merged.cells, "cell"), count(len(folders), "run"), count(len(merged.rows), "row")]
    say(console, f"{counts[0]} of {counts[1]}, {counts[2]}: {out}")
    if missing:
        say(console, f"{count(missing, 'planned cell')} left out: no result yet")
