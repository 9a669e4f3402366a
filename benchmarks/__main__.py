"""python -m benchmarks [ONLY]: measure the rows, print their table, write build/perf.json.

Exit status, as --help says too: see EXIT_STATUS.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks import report
from benchmarks.rows import Outcome, Row, measured
from benchmarks.table import ROWS
from harness.errors import BadInput
from harness.paths import ROOT

EXIT_STATUS = (
    "Exit status: 0 every measured row holds; 1 one does not; 2 there is no row ONLY; "
    "3 none fails, but the interval of one still encloses its bound: undecided."
)
PERF = ROOT / "build" / "perf.json"


def main() -> int:
    """Measure the rows asked for and return the exit status."""
    console = Console()
    try:
        chosen = _choose(_parse())
    except BadInput as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code
    outcomes = []
    for row in chosen:
        console.print(f"measuring {row.name}", highlight=False)
        outcomes.append(measured(row))
    report.show(console, outcomes)
    report.write(PERF, outcomes)
    console.print(f"written to {PERF}", highlight=False, soft_wrap=True)
    console.print(report.summary(outcomes), highlight=False, soft_wrap=True)
    return exit_status(outcomes)


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """Return 1 where a row does not hold, else 3 where one is undecided, else 0."""
    verdicts = {outcome.verdict for outcome in outcomes}
    return 1 if "no" in verdicts else 3 if "undecided" in verdicts else 0


def _parse() -> str | None:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measure the harness's own speed.", epilog=EXIT_STATUS
    )
    parser.add_argument("only", nargs="?", metavar="ONLY", help="the name of one row")
    only: str | None = parser.parse_args().only
    return only


def _choose(only: str | None) -> list[Row]:
    names = [row.name for row in ROWS]
    if only is not None and only not in names:
        raise BadInput(f"there is no row {only!r}", f"known are {', '.join(names)}")
    return [row for row in ROWS if only in (None, row.name)]


if __name__ == "__main__":
    sys.exit(main())
