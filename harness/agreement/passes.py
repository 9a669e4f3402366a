"""Which passes of which runs are compared, and their agreements kept beside them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

from harness import coco, documents
from harness.agreement import pictures
from harness.agreement.compare import agreement, tally
from harness.agreement.documents import Agreement, ApDifference, PassName, Tolerances
from harness.agreement.matching import match
from harness.agreement.precision import difference
from harness.catalogue import models
from harness.errors import BadDocument, BadInput, refused
from harness.scoring import passes as columns
from harness.scoring.cells import annotations_of
from harness.scoring.kinds import scorable
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
        return PassName(self.folder.path.resolve().name, self.job.cell, self.job.environment)


def passes_of(folder: RunFolder) -> list[Pass]:
    """Return the run's detection passes in the order of its plan."""
    return [Pass(folder, cell) for cell in folder.cells() if cell.result.detections]


def within(folder: RunFolder) -> list[tuple[Pass, Pass]]:
    """Return each pass of a run with the run's first pass of the same model, images and weights."""
    found = passes_of(folder)
    pairs = [(next(first for first in found if _alike(first, each)), each) for each in found]
    return [(first, each) for first, each in pairs if first is not each]


def between(reference: RunFolder, other: RunFolder) -> list[tuple[Pass, Pass]]:
    """Return each pass of the other run with the reference's of the same model, images and weights.

    Of several, it is that of the same cell, else the first of the same environment, else the first: what the runs
    differ in is asked, not what their environments do.
    """
    found = passes_of(reference)
    beside = [(each, [first for first in found if _alike(first, each)]) for each in passes_of(other)]
    return [(min(firsts, key=lambda first: _distance(first, each)), each) for each, firsts in beside if firsts]


def alone(pairs: list[tuple[Pass, Pass]], *folders: RunFolder) -> list[Pass]:
    """Return the passes of the runs that are in no pair, since no other has their model, images and weights."""
    paired = {(each.folder.path, each.job.cell) for pair in pairs for each in pair}
    found = [each for folder in folders for each in passes_of(folder)]
    return [each for each in found if (each.folder.path, each.job.cell) not in paired]


def _distance(one: Pass, two: Pass) -> tuple[bool, bool]:
    return one.job.cell != two.job.cell, one.job.environment != two.job.environment


def _alike(one: Pass, two: Pass) -> bool:
    """Tell whether two passes share what they must to be compared: model, images and weights."""
    return (
        one.job.model.builder == two.job.model.builder
        and _images(one) == _images(two)
        and one.cell.result.weights_sha256 == two.cell.result.weights_sha256
    )


def _images(of: Pass) -> tuple[str, list[int]] | None:
    dataset = of.job.dataset
    return (dataset.annotations_sha256, dataset.ids) if dataset else None


def require_comparable(pairs: list[tuple[Pass, Pass]], *folders: RunFolder) -> None:
    """Raise BadInput, with the reason, where there is nothing to compare."""
    if pairs:
        return
    sides = [passes_of(folder) for folder in folders]
    for folder, side in zip(folders, sides, strict=True):
        if not side:
            raise BadInput(f"{folder.name}: no detections yet", "make some with: harness run --suite accuracy")
    names = " and ".join(dict.fromkeys(folder.name for folder in folders))
    every = combinations(sides[0], 2) if len(sides) == 1 else product(*sides)
    same = [(one, two) for one, two in every if one.job.model.builder == two.job.model.builder]
    if not same and len(sides) == 1:
        raise BadInput(f"{names}: no model has two detection passes", "name two runs, or run in two environments")
    if not same:
        raise BadInput(f"{names}: they detected with other models", "run the same --model in both")
    if not any(_images(one) == _images(two) for one, two in same):
        raise BadInput(f"{names}: the passes of one model are of other images or annotations", "run on the same")
    raise BadInput(f"{names}: the passes of one model over the same images have other weights", "run with the same")


def compare(reference: Pass, other: Pass, tolerances: Tolerances, pictures_folder: Path | None = None) -> Agreement:
    """Compare two passes, keep the agreement beside the other, draw the worst images, and return the agreement.

    The pictures go beside the agreement, or where `disagreements` says. Raises BadInput where the annotations are gone
    or changed, BadDocument where a pass can't be read, StorageError where the pictures have no folder.
    """
    thresholds = other.job.model.thresholds
    counted = tally(_rows(reference), _rows(other), thresholds, tolerances)
    found = agreement(counted, other.job, reference.name, other.name, tolerances)
    found = replace(found, ap_differences=list(_ap_differences(reference, other)))
    _draw_worst(found, reference, other, pictures_folder)
    documents.write(other.place / "agreement.json", found)
    return found


def _rows(of: Pass) -> Iterator[rows.Row]:
    try:
        yield from rows.read(of.file)
    except sqlite3.Error as error:
        remedy = "delete it and run the cell again (harness run --resume)"
        raise BadDocument(f"{of.file} is no detection pass: {error}", remedy) from error


def _ap_differences(reference: Pass, other: Pass) -> Iterator[ApDifference]:
    planned = next(cell for cell in other.folder.plan.cells if cell.job.cell == other.job.cell)
    model = models()[other.job.model.builder]
    annotations: coco.Annotations = annotations_of(Path(str(planned.annotations)), other.job)
    for each in (reference, other):  # what one of them could not read is left out of both
        annotations = annotations.of(columns.read(each.file, annotations).readable)
    one, two = (columns.read(each.file, annotations) for each in (reference, other))
    for iou in scorable(model, annotations)[0]:
        yield difference(annotations, one.of(iou), two.of(iou), iou)


def disagreements(of: Pass, folder: Path | None = None) -> list[Path]:
    """Return the pictures of where the pass differs most: in its cell's folder, or in one of that name in `folder`."""
    return sorted(_drawn_in(of, folder).glob("disagreement-*.png"))


def _drawn_in(of: Pass, folder: Path | None) -> Path:
    return folder / of.job.cell if folder else of.place


def _draw_worst(found: Agreement, reference: Pass, other: Pass, folder: Path | None) -> None:
    for old in disagreements(other, folder):
        old.unlink()
    if not found.worst:
        return
    place, wanted = _drawn_in(other, folder), {image.file: number for number, image in enumerate(found.worst, start=1)}
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error, place, "made", "choose another --pictures") from error
    images = Path(str(other.folder.plan.dataset_folder))
    for one, two in zip(_rows(reference), _rows(other), strict=True):
        if one.file in wanted:
            matched = match(one, two, other.job.model.thresholds, found.tolerances)
            drawn = pictures.draw(images / one.file, (one, two), matched, _names(reference, other))
            drawn.save(place / f"disagreement-{wanted[one.file]}.png")


def _names(reference: Pass, other: Pass) -> tuple[str, str]:
    if reference.job.environment != other.job.environment:
        return reference.job.environment, other.job.environment
    return reference.job.cell, other.job.cell
