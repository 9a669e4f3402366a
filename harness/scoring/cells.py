"""Scores a cell's detection pass: every kind of detection that its model makes, boxes under both rules."""

from collections.abc import Iterator
from pathlib import Path

from harness.catalogue import Detector, detector
from harness.catalogue.labels import beside_coco
from harness.catalogue.published import accuracy
from harness.data import coco
from harness.data.coco import Annotations
from harness.documents.files import sha256_of
from harness.documents.scores import CellScores, Iou, Score, ScorerName
from harness.errors import BadInput
from harness.scoring import passes
from harness.scoring.evaluate import score
from harness.scoring.kinds import scorable
from runner.contract import SCHEMA_VERSION, BoxRule, Dataset, Job, Task

#: torchvision publishes AP in percent, rounded to one decimal.
ROUNDING = 0.0005


def score_cell(
    job: Job, annotations_path: Path, detections_path: Path, scorer: ScorerName, makes: list[Task] | None = None
) -> CellScores:
    """Score the detections of the job's pass against the annotations that it was planned with.

    `makes` is what a detector that is not catalogued was seen to make. Raises BadInput where the annotations are others
    by now, BadDocument where the detections can't be read.
    """
    model, dataset = detector(job.model.builder, makes), _dataset(job)
    annotations = annotations_of(annotations_path, job, makes)
    columns = passes.read(detections_path, annotations, dataset.ids)
    annotations = annotations.of(columns.readable)
    kinds, left_out = scorable(model, annotations)
    scores = [score(annotations, columns.of(iou), iou, rule, scorer) for iou in kinds for rule in _rules(iou, job)]
    named_otherwise = beside_coco(job.model.weights.kind, model.builder, annotations.used_categories())
    return CellScores(
        schema_version=SCHEMA_VERSION,
        cell=job.cell,
        annotations_sha256=dataset.annotations_sha256,
        detections_sha256=sha256_of(detections_path),
        bad_images=len(dataset.ids) - len(columns.readable),
        turned_images=columns.turned,
        foreign_detections=columns.foreign,
        scores=scores,
        warnings=[*named_otherwise, *(text for each in scores for text in beside_torchvision(job, model, each))],
        not_scored=left_out,
    )


def beside_torchvision(job: Job, model: Detector, scored: Score) -> Iterator[str]:
    """Yield a warning where torchvision's weights, on all of val2017, do not have the AP that it publishes.

    torchvision measured it on the dataset of the table of 2021, and on as many of its images. Boxes are compared under
    the rule float alone, which is torchvision's.
    """
    published, whole = model.ap(scored.iou), accuracy()
    on = job.dataset.name if job.dataset else None
    comparable = (job.model.weights.kind, on, scored.images) == ("pretrained", whole.dataset, whole.images)
    if not comparable or published is None or scored.interval is None or scored.box_rule != "float":
        return
    low, high = scored.interval.low, scored.interval.high
    if not low - ROUNDING <= published / 100 <= high + ROUNDING:
        yield (
            f"{scored.iou} AP {100 * scored.metrics['AP']:.1f} ({100 * low:.1f} to {100 * high:.1f}) is not the "
            f"{published:.1f} that torchvision publishes for these weights: look for boxes cut to integers, swapped "
            "colour channels, other thresholds, or labels that are mapped to other categories"
        )


def _dataset(job: Job) -> Dataset:
    if job.dataset is None:
        raise BadInput(f"the cell {job.cell} detected nothing to score", "score cells of the suite accuracy")
    return job.dataset


def annotations_of(path: Path, job: Job, makes: list[Task] | None = None) -> Annotations:
    """Return the annotations of the job's images, of objects with keypoints where the model makes such.

    Raises BadInput where they are others than planned.
    """
    dataset = _dataset(job)
    annotations = coco.read(path)
    if annotations.sha256 != dataset.annotations_sha256:
        raise BadInput(f"{path} changed after the run was planned", "restore it, or run again")
    if "keypoints" in detector(job.model.builder, makes).tasks:
        posed = annotations.with_keypoints()
        # Nobody knew what a person's own detector makes when its annotations were chosen.
        annotations = posed if posed.categories else annotations
    return annotations.of(dataset.ids)


def _rules(iou: Iou, job: Job) -> list[BoxRule]:
    """Return the box rules to score by, the protocol's own first; where no rule bears on the kind, one."""
    own: BoxRule = job.detection.box_rule if job.detection else "float"
    both: list[BoxRule] = [own, "float" if own == "truncate-int" else "truncate-int"]
    return both if iou == "bbox" else ["float"]
