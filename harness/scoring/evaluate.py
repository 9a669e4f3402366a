"""Detections and annotations in, a Score out. The same input gives the same Score, always."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.coco import Annotations
from harness.documents.scores import ApInterval, Iou, Score, ScorerName
from harness.scoring import coco_data, remarks
from harness.scoring.detections import Detected
from harness.scoring.evaluation import Evaluation
from harness.scoring.matches import Matches
from harness.scoring.parts import ap_by_parts
from runner.contract import BoxRule

RESAMPLES = 1000
#: COCOeval's summaries, in its order.
AREAS_AND_COUNTS = (
    *("AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge"),
    *("ARmax=1", "ARmax=10", "ARmax=100", "ARsmall", "ARmedium", "ARlarge"),
)
METRICS = {
    "bbox": AREAS_AND_COUNTS,
    "segm": AREAS_AND_COUNTS,
    "keypoints": (
        *("AP", "AP50", "AP75", "APmedium", "APlarge"),
        *("AR", "AR50", "AR75", "ARmedium", "ARlarge"),
    ),
}


def score(
    annotations: Annotations,
    detections: Detected,
    iou: Iou,
    box_rule: BoxRule,
    scorer: ScorerName,
    resamples: int = RESAMPLES,
) -> Score:
    """Score the detections on exactly the annotations' images, with COCO's crowds, areas and numbers of detections.

    Those of categories that the annotations lack are left out. The box rule bears on `bbox` only. Raises BadInput where
    the annotations lack what `iou` compares. The detections must have passed `detections.check`.
    """
    known = np.isin(detections.category_ids, list(annotations.categories))
    foreign = int(np.count_nonzero(~known))
    detections = detections.chosen(known) if foreign else detections
    evaluation = evaluation_of(annotations, detections, iou, box_rule, scorer)
    interval, reason = _interval(evaluation.matches, resamples)
    return Score(
        iou=iou,
        box_rule=box_rule,
        scorer=scorer,
        scorer_version=evaluation.version,
        images=len(annotations.pictures),
        objects=len(annotations.objects),
        detections=len(detections),
        metrics=dict(zip(METRICS[iou], evaluation.summary.tolist(), strict=True)),
        ap_by_category=dict(zip(_names(annotations), _ap_by_category(evaluation.precision), strict=True)),
        interval=interval,
        interval_missing_reason=reason,
        tide=evaluation.tide,
        tide_missing_reason=None if evaluation.tide else _why_no_tide(scorer, iou),
        remarks=remarks.beside(annotations, detections, foreign, iou),
        parts=ap_by_parts(annotations, evaluation.matches),
    )


def evaluation_of(
    annotations: Annotations, detections: Detected, iou: Iou, box_rule: BoxRule, scorer: ScorerName
) -> Evaluation:
    """Return the scorer's numbers and the matches behind them. Raises BadInput as `score` does."""
    # Not named here, so that a scorer can free what it has loaded.
    return _evaluate(scorer)(
        coco_data.dataset(annotations, iou), coco_data.results(annotations, detections, iou, box_rule), iou
    )


def _evaluate(scorer: ScorerName) -> Callable[[dict[str, Any], coco_data.Results, Iou], Evaluation]:
    if scorer == "hotcoco":
        from harness.scoring import by_hotcoco

        return by_hotcoco.evaluate
    from harness.scoring import by_pycocotools

    return by_pycocotools.evaluate


def _interval(matches: Matches, resamples: int) -> tuple[ApInterval, None] | tuple[None, str]:
    """Return the interval of AP, or why there is none."""
    with_objects = int(np.count_nonzero(matches.objects.any(axis=0)))
    if with_objects < 2:
        return None, f"an interval over images needs two with objects, here {with_objects} have any"
    from harness.scoring.interval import bootstrap  # only now: SciPy's sparse matrices take 0.1 s and 15 MB

    return bootstrap(matches, resamples), None


def _names(annotations: Annotations) -> list[str]:
    """Return the categories' names in the order of their ids; one that several share is told apart by its id."""
    shared = Counter(annotations.categories.values())
    return [
        name if shared[name] == 1 else f"{name} ({category_id})"
        for category_id, name in sorted(annotations.categories.items())
    ]


def _ap_by_category(precision: NDArray[np.float64]) -> list[float]:
    """Return the mean precision of each category, or -1 for one without objects: COCOeval leaves all of it at -1."""
    means: list[float] = precision.mean(axis=(0, 1)).tolist()
    return means


def _why_no_tide(scorer: ScorerName, iou: Iou) -> str:
    return "TIDE's errors are defined for boxes and masks" if iou == "keypoints" else f"{scorer} has no TIDE"
