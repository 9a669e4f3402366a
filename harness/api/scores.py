"""COCO's numbers of detections, as a value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness.api.shown import Shown, frame_of
from harness.documents.run_folder import Cell
from harness.documents.scores import CellScores, Score
from harness.errors import HarnessError

#: COCO's own figure where there is nothing to score.
NOTHING = -1
NAMED = ("cell", "iou", "box_rule")


@dataclass(frozen=True, repr=False, eq=False)
class Scores(Shown):
    """COCO's numbers of a file of detections, or of each detection pass of a run.

    `metrics` has a row for each pass, kind of IoU, box rule and metric: cell (missing for a file), iou, box_rule,
    metric, value (0 to 1, missing where there is nothing to score), and for AP the 95 % interval over images (low,
    high, missing where it is unknown). `by_category` has AP for each category, `tide` what AP at IoU 0.5 would gain if
    all errors of one kind were mended. `remarks` say what the numbers hide, `problems` which passes can't be scored.
    `documents` are the scores as they are kept.
    """

    metrics: pd.DataFrame
    by_category: pd.DataFrame
    tide: pd.DataFrame
    remarks: list[str]
    problems: list[HarnessError]
    documents: list[Score] | list[CellScores]

    def _title(self) -> str:
        return "COCO's metrics of detections"

    def _lines(self) -> list[str]:
        return [*map(str, self.problems), *self.remarks]

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.metrics


def scores_of_file(score: Score) -> Scores:
    """Return the scores of a file as a value."""
    return _scores([(None, score)], list(score.remarks), [], [score])


def scores_of_run(cells: Sequence[Cell], problems: Sequence[HarnessError]) -> Scores:
    """Return the scores of a run's passes as a value."""
    documents = [cell.scores for cell in cells if cell.scores]
    scored = [(document.cell, score) for document in documents for score in document.scores]
    remarks = [text for document in documents for text in document.warnings]
    remarks += [text for _, score in scored for text in score.remarks]
    return _scores(scored, list(dict.fromkeys(remarks)), list(problems), documents)


def _scores(
    scored: Sequence[tuple[str | None, Score]],
    remarks: list[str],
    problems: list[HarnessError],
    documents: list[Score] | list[CellScores],
) -> Scores:
    rows, categories, errors = [], [], []
    for cell, score in scored:
        named = {"cell": cell, "iou": score.iou, "box_rule": score.box_rule if score.iou == "bbox" else None}
        rows += [named | _row(score, metric) for metric in score.metrics]
        categories += [named | {"category": name, "AP": _known(ap)} for name, ap in score.ap_by_category.items()]
        errors += [named | {"error": name, "AP50": ap} for name, ap in (score.tide or {}).items()]
    return Scores(
        metrics=frame_of(rows, (*NAMED, "metric", "value", "low", "high")),
        by_category=frame_of(categories, (*NAMED, "category", "AP")),
        tide=frame_of(errors, (*NAMED, "error", "AP50")),
        remarks=remarks,
        problems=problems,
        documents=documents,
    )


def _row(score: Score, metric: str) -> dict[str, Any]:
    interval = score.interval if metric == "AP" else None
    low, high = (interval.low, interval.high) if interval else (float("nan"), float("nan"))
    return {"metric": metric, "value": _known(score.metrics[metric]), "low": low, "high": high}


def _known(value: float) -> float:
    return float("nan") if value == NOTHING else value
