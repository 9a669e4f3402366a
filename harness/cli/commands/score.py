"""harness score: COCO's metrics of a run's detection passes, or of a file of detections."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console

from harness.cli.console import print_table, print_tables, say
from harness.cli.live import progress_on
from harness.documents.runs import open_run
from harness.documents.scores import Score
from harness.judging import rescored
from harness.report.accuracy import accuracy_tables
from harness.report.table import Column, Form, Table
from harness.scoring.files import score_file
from harness.text import GAP, count, percent


def score_files(annotations: Path, detections: Path, *, iou: str, box_rule: str, scorer: str, as_json: bool) -> None:
    """Score a file in COCO's results format against annotations and print the metrics."""
    result = score_file(annotations, detections, iou=iou, box_rule=box_rule, scorer=scorer)
    if as_json:
        print(json.dumps(dataclasses.asdict(result), indent=1))
        return
    console = Console()
    for line in _lines(result):
        say(console, line)
    print_table(console, _table("Metric", result.metrics))
    print_table(console, _table("AP by category", result.ap_by_category))
    if result.tide is not None:
        print_table(console, _table("AP50 to gain (TIDE)", result.tide))


def score_run(name: str, *, scorer: str, as_json: bool) -> None:
    """Score every detection pass of a run anew, keep the scores beside it, and print them."""
    folder, console = open_run(name), Console(stderr=as_json)
    failed = rescored(folder, progress_on(console), scorer)
    cells = folder.cells()
    if as_json:
        print(json.dumps([dataclasses.asdict(cell.scores) for cell in cells if cell.scores], indent=1))
    else:
        print_tables(console, accuracy_tables(cells), Form.LONG)
    for error in failed[1:]:
        say(Console(stderr=True), str(error))
    if failed:
        raise failed[0]


def _lines(result: Score) -> list[str]:
    boxes = f", boxes by {result.box_rule}" if result.iou == "bbox" else ", which no box rule bears on"
    interval = result.interval
    return [
        *(f"remark: {text}" for text in result.remarks),
        f"{count(result.detections, 'detection')} of {count(result.objects, 'object')} "
        f"in {count(result.images, 'image')}",
        f"{result.iou}{boxes}; {result.scorer} {result.scorer_version}",
        f"AP {interval.low:.4f} to {interval.high:.4f}, {percent(interval.confidence)} interval over images"
        if interval
        else f"no interval of AP: {result.interval_missing_reason}",
    ]


def _table(heading: str, values: dict[str, float]) -> Table:
    figures = Column("", [GAP if value == -1 else f"{value:.4f}" for value in values.values()])
    return Table("", Column(heading, list(values)), [[figures]])
