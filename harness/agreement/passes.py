"""Which passes of which runs are compared, and their agreements kept beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

from harness import documents
from harness.agreement.compare import agreement, tally
from harness.agreement.precision import difference
from harness.catalogue import detector
from harness.data import coco
from harness.documents.agreement import Agreement, ApDifference, PassName, Tolerances
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput
from harness.scoring import passes as columns
from harness.scoring.cells import annotations_of
from harness.scoring.kinds import scorable
from runner.contract import Job
from runner.contract.rows import Row


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


@dataclass(frozen=True)
class Passes:
    """The detection passes of a run, in the order of its plan."""

    name: str
    passes: list[Pass]


def passes_of(folder: RunFolder) -> Passes:
    """Read the run's detection passes."""
    return Passes(folder.name, [Pass(folder, cell) for cell in folder.cells() if cell.result.detections])


def within(run: Passes) -> list[tuple[Pass, Pass]]:
    """Return each pass of a run with the run's first pass of the same model, images and weights."""
    pairs = [(next(first for first in run.passes if _alike(first, each)), each) for each in run.passes]
    return [(first, each) for first, each in pairs if first is not each]


def between(reference: Passes, other: Passes) -> list[tuple[Pass, Pass]]:
    """Return each pass of the other run with the reference's of the same model, images and weights.

    Of several, it is that of the same cell, else the first of the same environment, else the first: what the runs
    differ in is asked, not what their environments do.
    """
    beside = [(each, [first for first in reference.passes if _alike(first, each)]) for each in other.passes]
    return [(min(firsts, key=lambda first: _distance(first, each)), each) for each, firsts in beside if firsts]


def alone(pairs: list[tuple[Pass, Pass]], *runs: Passes) -> list[Pass]:
    """Return the passes of the runs that are in no pair, since no other has their model, images and weights."""
    paired = {(each.folder.path, each.job.cell) for pair in pairs for each in pair}
    every = [each for run in runs for each in run.passes]
    return [each for each in every if (each.folder.path, each.job.cell) not in paired]


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


def require_comparable(pairs: list[tuple[Pass, Pass]], *runs: Passes) -> None:
    """Raise BadInput, with the reason, where there is nothing to compare."""
    if pairs:
        return
    sides = [run.passes for run in runs]
    for run in runs:
        if not run.passes:
            raise BadInput(f"{run.name}: no detections yet", "make some with: harness run --suite accuracy")
    names = " and ".join(dict.fromkeys(run.name for run in runs))
    every = combinations(sides[0], 2) if len(sides) == 1 else product(*sides)
    same = [(one, two) for one, two in every if one.job.model.builder == two.job.model.builder]
    if not same and len(sides) == 1:
        raise BadInput(f"{names}: no model has two detection passes", "name two runs, or run in two environments")
    alike = [one for one, two in product(*sides) if _name(one) == _name(two)] if not same else []
    if alike:
        raise BadInput(f"{names}: {_name(alike[0])} is of other code in each", "run both with the same --code")
    if not same:
        raise BadInput(f"{names}: they detected with other models", "run the same --model in both")
    if not any(_images(one) == _images(two) for one, two in same):
        raise BadInput(f"{names}: the passes of one model are of other images or annotations", "run on the same")
    raise BadInput(f"{names}: the passes of one model over the same images have other weights", "run with the same")


def _name(of: Pass) -> str:
    return detector(of.job.model.builder).display


def compare(reference: Pass, other: Pass, tolerances: Tolerances) -> Agreement:
    """Compare two passes, keep the agreement beside the other, and return it.

    Raises BadInput where the annotations are gone or changed, BadDocument where a pass can't be read.
    """
    thresholds = other.job.model.thresholds
    counted = tally(rows_of(reference), rows_of(other), thresholds, tolerances)
    judged = agreement(counted, other.job, reference.name, other.name, tolerances)
    judged = replace(judged, ap_differences=list(_ap_differences(reference, other)))
    documents.write(other.place / "agreement.json", judged)
    return judged


def rows_of(of: Pass) -> Iterator[Row]:
    """Return the rows of a pass. Their reading raises BadDocument where it can't be read."""
    return columns.rows_of(of.file)


def _ap_differences(reference: Pass, other: Pass) -> Iterator[ApDifference]:
    planned = next(cell for cell in other.folder.plan.cells if cell.job.cell == other.job.cell)
    if planned.annotations is None:
        return
    makes = other.cell.result.makes
    model = detector(other.job.model.builder, makes)
    annotations: coco.Annotations = annotations_of(Path(str(planned.annotations)), other.job, makes)
    for each in (reference, other):  # what one of them could not read is left out of both
        annotations = annotations.of(columns.read(each.file, annotations).readable)
    one, two = (columns.read(each.file, annotations) for each in (reference, other))
    for iou in scorable(model, annotations)[0]:
        yield difference(annotations, one.of(iou), two.of(iou), iou)
