"""COCOeval by pycocotools, the reference: about a hundred times slower, for who wants to see the same numbers."""

import io
from contextlib import redirect_stdout
from importlib.metadata import version
from threading import Lock
from typing import Any

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from harness.documents.scores import Iou
from harness.scoring import matches
from harness.scoring.coco_data import Results
from harness.scoring.evaluation import ALL_AREAS, Evaluation

#: The standard output that is set aside is the process's: two threads must not put it back in the wrong order.
SILENCE = Lock()


def evaluated(dataset: dict[str, Any], results: Results, iou: Iou) -> COCOeval:
    """Return pycocotools' COCOeval, evaluated, accumulated and summarized; what it prints is dropped."""
    with SILENCE, redirect_stdout(io.StringIO()):
        truth = _indexed(dataset)
        # loadRes looks at the first detection, so it can't take none
        detected = truth.loadRes(results) if len(results) else _indexed({**dataset, "annotations": []})
        evaluation = COCOeval(truth, detected, iou)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def evaluate(dataset: dict[str, Any], results: Results, iou: Iou) -> Evaluation:
    """Score results against a data set; both as coco_data.py makes them, and changed by pycocotools."""
    evaluation = evaluated(dataset, results, iou)
    entries = [entry for entry in evaluation.evalImgs if entry is not None and entry["aRng"] == ALL_AREAS]
    return Evaluation(
        version=version("pycocotools"),
        summary=evaluation.stats,
        precision=evaluation.eval["precision"][:, :, :, 0, -1],
        matches=matches.read([entries], len(dataset["categories"]), len(dataset["images"])),
        tide=None,
    )


def _indexed(dataset: dict[str, Any]) -> COCO:
    coco = COCO()
    coco.dataset = dataset  # type: ignore[assignment]
    coco.createIndex()
    return coco
