"""Which passes of which runs are compared, and their agreements kept beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness import coco, documents
from harness.agreement import pictures
from harness.agreement.compare import agreement, tally
from harness.agreement.documents import Agreement, ApDifference, PassName, Tolerances
from harness.agreement.matching import match
from harness.agreement.precision import difference
from harness.catalogue import models
from harness.errors import BadInput
from harness.scoring import passes as columns
from harness.scoring.cells import annotations_of, kinds
from harness.storage import Cell, RunFolder
from runner import rows
from runner.contract import Job


@dataclass(frozen=True)
class Pass:
    """A cell that detected, and the run that it is of."""

    folder: RunFolder
    cell: Cell

    @property
    def job(self) -> Job:
        """The cell's job."""
        return self.cell.job

    @property
    def place(self) -> Path:
        """The cell's folder."""
        return self.folder.cell_folder(self.job)

    @property
    def file(self) -> Path:
        """The file of detections."""
        return self.place / str(self.cell.result.detections and self.cell.result.detections.file)

    @property
    def name(self) -> PassName:
        """What the document calls it."""
        return PassName(self.folder.name, self.job.cell, self.job.environment)


def passes_of(folder: RunFolder) -> list[Pass]:
    """Return the run's detection passes in the order of its plan."""
    return [Pass(folder, cell) for cell in folder.cells() if cell.result.detections]


def within(folder: RunFolder) -> list[tuple[Pass, Pass]]:
    """Return each pass of a run with the run's first pass of the same model, images and weights."""
    found = passes_of(folder)
    firsts: dict[object, Pass] = {}
    for each in found:
        firsts.setdefault(_images(each), each)
    return [(firsts[_images(each)], each) for each in found if firsts[_images(each)] is not each]


def between(reference: RunFolder, other: RunFolder) -> list[tuple[Pass, Pass]]:
    """Return each pass of the other run with the reference's first of the same model, images and weights."""
    firsts: dict[object, Pass] = {}
    for each in passes_of(reference):
        firsts.setdefault(_images(each), each)
    return [(firsts[_images(each)], each) for each in passes_of(other) if _images(each) in firsts]


def _images(of: Pass) -> object:
    """Return what two passes must share to be compared: model, weights and images."""
    dataset = of.job.dataset
    ids = tuple(dataset.ids) if dataset else ()
    return of.job.model.builder, of.cell.result.weights_sha256, dataset.annotations_sha256 if dataset else None, ids


def require_comparable(pairs: list[tuple[Pass, Pass]], *folders: RunFolder) -> None:
    """Raise BadInput, with the reason, where there is nothing to compare."""
    if pairs:
        return
    names = " and ".join(dict.fromkeys(folder.name for folder in folders))
    found = [each for folder in folders for each in passes_of(folder)]
    if not found:
        raise BadInput(f"{names}: no detections yet", "make some with: harness run --suite accuracy")
    if len({each.job.model.builder for each in found}) == len(found):
        raise BadInput(f"{names}: no model has two detection passes", "name two runs, or run in two environments")
    raise BadInput(f"{names}: no two passes are of one model, the same weights and the same images", "run them alike")


def compare(reference: Pass, other: Pass, tolerances: Tolerances) -> Agreement:
    """Compare two passes, keep the agreement and pictures of the worst images beside the other, and return it.

    Raises BadInput where the annotations are gone or changed.
    """
    thresholds = other.job.model.thresholds
    counted = tally(rows.read(reference.file), rows.read(other.file), thresholds, tolerances)
    found = agreement(counted, other.job, reference.name, other.name, tolerances)
    found = replace(found, ap_differences=list(_ap_differences(reference, other)))
    _draw_worst(found, reference, other)
    documents.write(other.place / "agreement.json", found)
    return found


def _ap_differences(reference: Pass, other: Pass) -> Iterator[ApDifference]:
    planned = next(cell for cell in other.folder.plan.cells if cell.job.cell == other.job.cell)
    model = models()[other.job.model.builder]
    annotations: coco.Annotations = annotations_of(Path(str(planned.annotations)), other.job)
    for each in (reference, other):  # what one of them could not read is left out of both
        annotations = annotations.of(columns.read(each.file, annotations).readable)
    one, two = (columns.read(each.file, annotations) for each in (reference, other))
    for iou in kinds(model):
        yield difference(annotations, one.of(iou), two.of(iou), iou)


def _draw_worst(found: Agreement, reference: Pass, other: Pass) -> None:
    for old in other.place.glob("disagreement-*.png"):
        old.unlink()
    wanted = {difference.file: number for number, difference in enumerate(found.worst, start=1)}
    images = Path(str(other.folder.plan.dataset_folder))
    for one, two in zip(rows.read(reference.file), rows.read(other.file), strict=True):
        if one.file in wanted:
            matched = match(one, two, other.job.model.thresholds, found.tolerances)
            drawn = pictures.draw(images / one.file, (one, two), matched, _names(reference, other))
            drawn.save(other.place / f"disagreement-{wanted[one.file]}.png")


def _names(reference: Pass, other: Pass) -> tuple[str, str]:
    if reference.job.environment != other.job.environment:
        return reference.job.environment, other.job.environment
    return reference.job.cell, other.job.cell
