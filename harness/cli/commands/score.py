"""harness score: COCO's metrics of a run's detection passes, or of a file of detections."""

import dataclasses
import json
from pathlib import Path
from typing import get_args

from rich.console import Console

from harness.catalogue import pick
from harness.cli.console import print_table, print_tables, say
from harness.cli.live import progress_on
from harness.data import coco
from harness.documents.runs import open_run
from harness.documents.scores import Iou, Score, ScorerName
from harness.errors import BadInput
from harness.pipeline import score_cells
from harness.report.accuracy import accuracy_tables
from harness.report.table import Column, Form, Table
from harness.scoring.detections import from_json
from harness.scoring.evaluate import score
from harness.text import GAP, count
from runner.contract import BoxRule

SCORERS: dict[str, ScorerName] = {name: name for name in get_args(ScorerName)}
IOUS: dict[str, Iou] = {name: name for name in get_args(Iou)}
BOX_RULES: dict[str, BoxRule] = {name: name for name in get_args(BoxRule)}


def score_files(annotations: Path, detections: Path, *, iou: str, box_rule: str, scorer: str, as_json: bool) -> None:
    """Score a file in COCO's results format against annotations and print the metrics."""
    kind = pick("kind of IoU", iou, IOUS)
    rule = pick("box rule", box_rule, BOX_RULES)
    by = pick("scorer", scorer, SCORERS)
    truth = coco.read(annotations)
    result = score(truth, from_json(detections, truth, kind), kind, rule, by)
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
    if not any(cell.result.detections for cell in folder.cells()):
        raise BadInput(f"the run {name} has no detections yet", "make some with: harness run --suite accuracy")
    failed = score_cells(folder, progress_on(console), pick("scorer", scorer, SCORERS), anew=True)
    cells = folder.cells()
    if as_json:
        print(json.dumps([dataclasses.asdict(cell.scores) for cell in cells if cell.scores], indent=1))
    else:
        print_tables(console, accuracy_tables(cells), Form.LONG)
    for error in failed[1:]:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
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
        f"AP {interval.low:.4f} to {interval.high:.4f}, {interval.confidence:.0%} interval over images"
        if interval
        else f"no interval of AP: {result.interval_missing_reason}",
    ]


def _table(heading: str, values: dict[str, float]) -> Table:
    figures = Column("", [GAP if value == -1 else f"{value:.4f}" for value in values.values()])
    return Table("", Column(heading, list(values)), [[figures]])
