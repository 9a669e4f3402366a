"""Scoring a file of detections, as a person names the files and the rules."""

from pathlib import Path
from typing import get_args

from harness.catalogue import pick
from harness.data import coco
from harness.documents.scores import Iou, Score, ScorerName
from harness.scoring.detections import from_json
from harness.scoring.evaluate import score
from runner.contract import BoxRule

SCORERS: dict[str, ScorerName] = {name: name for name in get_args(ScorerName)}
IOUS: dict[str, Iou] = {name: name for name in get_args(Iou)}
BOX_RULES: dict[str, BoxRule] = {name: name for name in get_args(BoxRule)}


def score_file(annotations: Path, detections: Path, *, iou: str, box_rule: str, scorer: str) -> Score:
    """Score a file in COCO's results format against annotations.

    Raises BadInput where a name is not known, and for the first thing wrong with a file.
    """
    kind = pick("kind of IoU", iou, IOUS)
    rule = pick("box rule", box_rule, BOX_RULES)
    by = pick("scorer", scorer, SCORERS)
    truth = coco.read(annotations)
    return score(truth, from_json(detections, truth, kind), kind, rule, by)
