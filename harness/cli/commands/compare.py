"""harness compare: two sides beside each other, printed and, where that is asked for, on a page."""

import dataclasses
import json
import sys
from pathlib import Path

from rich.console import Console

from harness import comparing
from harness.analysis.comparison import Asked
from harness.cli.console import print_tables, say
from harness.cli.live import progress_on
from harness.documents.comparison import Comparison
from harness.report.comparison import comparison_tables, headline, markdown
from harness.report.table import Form


def compare_sides(a: str, b: str, asked: Asked, form: str, out: Path | None) -> Comparison:
    """Compare two sides, and print it as json, markdown, or tables in short or long. Returns what was found."""
    progress = progress_on(Console(stderr=True))
    found = comparing.compared(a, b, asked, progress)
    _print(found, form)
    return found


def _print(found: Comparison, form: str) -> None:
    if form == "json":
        print(json.dumps(dataclasses.asdict(found), indent=1, allow_nan=False))
    elif form == "markdown":
        sys.stdout.write(markdown(found))
    else:
        console = Console()
        print_tables(console, comparison_tables(found), Form.LONG if form == "long" else Form.SHORT)
        say(console, headline(found))
