"""A detection pass of a run, and its rows beside those of another."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.documents.agreement import PassName
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput
from harness.scoring import passes
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
    def images(self) -> int:
        """How many images it came to."""
        return self.cell.result.detections.images if self.cell.result.detections else 0

    @property
    def name(self) -> PassName:
        """What the document calls it."""
        return PassName(self.folder.path.resolve().name, self.job.cell, self.job.environment)


def rows_of(of: Pass) -> Iterator[Row]:
    """Return the rows of a pass, of all its images. Their reading raises BadDocument where it can't be read."""
    ids = of.job.dataset.ids if of.job.dataset else []
    return passes.rows_of(of.file, ids[: of.images])


def beside(reference: Pass, other: Pass) -> Iterator[tuple[Row, Row]]:
    """Yield the rows of each image in both passes.

    Raises BadInput where they can't be compared: one broke off, or they look for other keypoints; else as rows_of.
    """
    names = f"{reference.folder.name}, {reference.job.cell} and {other.folder.name}, {other.job.cell}"
    if reference.images != other.images:
        found = f"they are of {reference.images} and of {other.images} images"
        raise BadInput(f"{names} can't be compared: {found}", "compare passes of equally many")
    for one, two in zip(rows_of(reference), rows_of(other), strict=True):
        numbers = [_keypoints(row) for row in (one, two)]
        if None not in numbers and numbers[0] != numbers[1]:
            found = f"in {one.file} they found {numbers[0]} and {numbers[1]} keypoints of an object"
            raise BadInput(f"{names} can't be compared: {found}", "compare passes that look for the same")
        yield one, two


def _keypoints(row: Row) -> int | None:
    """Return how many keypoints a detection of the image has, None where it has no detection with any."""
    found = row.detections.keypoints if row.detections else None
    return found.shape[1] if found is not None and len(found) else None
