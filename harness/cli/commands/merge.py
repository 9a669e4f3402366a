"""harness merge: runs of one or several machines as one tidy table, and as wide ones."""

from pathlib import Path

from rich.console import Console

from harness.analysis.merging import Merged, merged
from harness.cli.console import say
from harness.cli.live import progress_on
from harness.report.export import write
from harness.text import count


def merge_runs(names: list[str], out: Path, *, published: bool, allow: bool) -> None:
    """Write tidy.parquet, tidy.csv and the wide tables into a folder.

    Raises BadInput, before anything is written, where results of one environment and machine were not measured alike,
    unless that is allowed; then each kind has a column or a table of its own that says what it is.
    """
    console = Console()
    with progress_on(console).working("reading results"):
        whole = merged(names, allow=allow, published=published)
    with progress_on(console).working("writing tables"):
        write(whole, out, published)
    _tell(console, whole, out)


def _tell(console: Console, whole: Merged, out: Path) -> None:
    counts = [count(whole.cells, "cell"), count(whole.runs, "run"), count(whole.rows.figures.num_rows, "row")]
    say(console, f"{counts[0]} of {counts[1]}, {counts[2]}: {out}")
    if whole.missing:
        say(console, f"{count(whole.missing, 'planned cell')} left out: no result yet")
    for conflict in whole.conflicts:
        say(console, f"labelled, not comparable: {conflict}")
