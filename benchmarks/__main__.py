"""python -m benchmarks [ONLY]: measure the rows, print their table, write build/perf.json.

Exit status, as --help says too: see EXIT_STATUS.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks import (
    accuracy,
    cell,
    comparing,
    importing,
    looking,
    merging,
    overhead,
    planted,
    rebuild,
    recording,
    report,
    report_page,
    resampling,
    scoring,
    showing,
    ssdlite,
    startup,
    stopping,
)
from benchmarks.rows import Outcome, Row, measured
from harness.errors import BadInput
from harness.paths import ROOT

EXIT_STATUS = (
    "Exit status: 0 every measured row holds; 1 one does not; 2 there is no row ONLY; "
    "3 none fails, but the interval of one still encloses its bound: undecided."
)
PERF = ROOT / "build" / "perf.json"

ROWS = [
    Row(
        name="help",
        what="harness --help beside a bare typer app with the same empty commands",
        unit="ms",
        bound=1.2,
        measure=startup.measure,
    ),
    Row(
        name="import",
        what="import harness beside import json and 50 ms",
        unit="ms",
        measure=importing.measure,
    ),
    Row(
        name="loop-overhead",
        what="an iteration of the measuring loop on a null model beside a bare loop that reads the same clocks",
        unit="µs",
        bound=8.0,
        measure=overhead.measure,
    ),
    Row(
        name="loop-watched",
        what="the same of a series that is measured until its median is known, beside the bare loop, looks apart",
        unit="µs",
        bound=8.0,
        measure=overhead.measure_watched,
    ),
    Row(
        name="loop-counters",
        what="an iteration of such a series on a null model, all counters read, beside 30 µs",
        unit="µs",
        measure=overhead.measure_absolute,
    ),
    Row(
        name="stages-off",
        what="a call of SSDlite320 whose stages were looked at before, beside one that never was",
        unit="ms",
        floor=0.99,
        bound=1.01,
        measure=looking.measure_off,
    ),
    Row(
        name="stages-on",
        what="a call of SSDlite320 while its stages are looked at, beside one that is not",
        unit="ms",
        bound=1.05,
        measure=looking.measure_on,
    ),
    Row(
        name="pass-recorded",
        what="a detection pass of SSDlite320 beside one that keeps nothing of what the model does with each picture",
        unit="ms",
        bound=1.01,
        looks=4,
        measure=recording.measure_pass,
    ),
    Row(
        name="sample-recorded",
        what="an iteration of the measuring loop on a null model beside one that keeps no content, and 5 µs",
        unit="µs",
        measure=recording.measure_sample,
    ),
    Row(
        name="planted-causes",
        what="planted causes that explain names first, of those that were planted",
        unit="causes",
        floor=1.0,
        measure=planted.measure,
        exact=True,
    ),
    Row(
        name="demo",
        what="harness demo of SSDlite320 beside the slower of its halves alone: detecting, and drawing with encoding",
        unit="s",
        bound=1.2,
        measure=showing.measure,
    ),
    Row(
        name="loop-ssdlite-local",
        what="SSDlite320 by the measuring loop beside a plain loop, newest torch",
        unit="ms",
        floor=0.97,
        bound=1.03,
        measure=ssdlite.measure_local,
    ),
    Row(
        name="loop-ssdlite-cuda10.2",
        what="SSDlite320 by the measuring loop beside a plain loop, torch 1.9.0 in its container",
        unit="ms",
        floor=0.97,
        bound=1.03,
        measure=ssdlite.measure_container,
    ),
    Row(
        name="stops-recorded",
        what="iterations until the median of a recorded series is known to 1 %, beside 120",
        unit="it.",
        exact=True,
        measure=stopping.measure_recorded,
    ),
    Row(
        name="stops-ssd300",
        what="iterations until SSD300's median is known to 1 % on the published input, beside the published 1000",
        unit="it.",
        bound=stopping.SHARE,
        measure=stopping.measure_live,
    ),
    Row(
        name="docker-cell",
        what="a Docker cell without its own work beside a container that imports torch and torchvision",
        unit="s",
        bound=1.5,
        measure=cell.measure,
    ),
    Row(
        name="runner-rebuild",
        what="building the image again after a change of the runner, beside copying it onto the bare base",
        unit="s",
        bound=6.0,
        measure=rebuild.measure,
    ),
    Row(
        name="score-500k",
        what="scoring 500,000 boxes by hotcoco beside pycocotools, equal numbers",
        unit="s",
        bound=0.02,
        measure=scoring.measure_evaluation,
    ),
    Row(
        name="score-interval",
        what="1,000 resamples of 500,000 boxes for the interval of AP beside one evaluation by pycocotools",
        unit="s",
        bound=0.05,
        measure=resampling.measure,
    ),
    Row(
        name="merge-10k",
        what="merging 10,000 results for the first time beside json.loads of the same",
        unit="s",
        bound=6.0,
        measure=merging.measure_first,
    ),
    Row(
        name="merge-again",
        what="merging 10,000 results that were merged before beside json.loads of the same",
        unit="s",
        bound=2.5,
        measure=merging.measure_again,
    ),
    Row(
        name="merge-growth",
        what="merging 10,000 results beside ten times the time of 1,000",
        unit="s",
        bound=1.1,
        measure=merging.measure_growth,
    ),
    Row(
        name="compare",
        what="comparing two runs of 100 cells of 1,000 samples beside reading them",
        unit="s",
        bound=1.5,
        measure=comparing.measure,
    ),
    Row(
        name="report-page",
        what="a page of 8 models, 9 environments and 3 variants until all is drawn and sorts, beside its charts bare",
        unit="s",
        bound=1.5,
        measure=report_page.measure,
    ),
    Row(
        name="accuracy-pass",
        what="a detection pass of SSDlite320 beside the sum of its forward calls",
        unit="ms",
        bound=1.15,
        measure=accuracy.measure_pass,
    ),
    Row(
        name="accuracy-beside-reference",
        what="detecting and scoring beside a loop after torchvision's reference evaluation, equal numbers",
        unit="s",
        looks=4,
        measure=accuracy.measure_beside_reference,
    ),
]


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
