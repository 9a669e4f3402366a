"""Which passes of which runs are compared, and their agreements kept beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path

from harness import documents
from harness.agreement.beside import Pass, beside, rows_of
from harness.agreement.circumstances import resized_alike
from harness.agreement.compare import agreement, tally
from harness.agreement.parts import parts
from harness.agreement.precision import difference
from harness.agreement.sides import sides_of
from harness.catalogue import detector
from harness.data.coco import Annotations
from harness.documents.agreement import Agreement, ApDifference, Tolerances
from harness.documents.run_folder import RunFolder
from harness.documents.scores import Iou
from harness.errors import BadInput
from harness.scoring import passes as columns
from harness.scoring.cells import annotations_of
from harness.scoring.kinds import scorable
from runner.contract.rows import Row


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
    """Return each pass of the other run with the reference's of the same model and images.

    Of several, it is one of the same weights, then that of the same cell, else the first of the same environment, else
    the first: what the runs differ in is asked, not what their environments do.
    """
    beside = [(each, [first for first in reference.passes if _same_images(first, each)]) for each in other.passes]
    return [(min(firsts, key=lambda first: _distance(first, each)), each) for each, firsts in beside if firsts]


def alone(pairs: list[tuple[Pass, Pass]], *runs: Passes) -> list[Pass]:
    """Return the passes of the runs that are in no pair, since no other has their model and images."""
    paired = {(each.folder.path, each.job.cell) for pair in pairs for each in pair}
    every = [each for run in runs for each in run.passes]
    return [each for each in every if (each.folder.path, each.job.cell) not in paired]


def _distance(one: Pass, two: Pass) -> tuple[bool, bool, bool]:
    return not _alike(one, two), one.job.cell != two.job.cell, one.job.environment != two.job.environment


def _alike(one: Pass, two: Pass) -> bool:
    """Tell whether two passes share what they must to be compared: model, images and weights."""
    return _same_images(one, two) and one.cell.result.weights_sha256 == two.cell.result.weights_sha256


def _same_images(one: Pass, two: Pass) -> bool:
    return one.job.model.builder == two.job.model.builder and _images(one) == _images(two) and _same_frames(one, two)


def _same_frames(one: Pass, two: Pass) -> bool:
    """Tell whether passes of two demos saw the same frames, which only their pixels say; no decoder does."""
    if one.folder.path == two.folder.path or not (one.job.dataset and one.job.dataset.follows):
        return True
    seen = ([row.pixels_sha256 for row in rows_of(each)] for each in (one, two))
    return next(seen) == next(seen)


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
    if not any(_same_images(one, two) for one, two in same):
        raise BadInput(f"{names}: the passes of one model are of other images or annotations", "run on the same")
    raise BadInput(f"{names}: the passes of one model over the same images have other weights", "run with the same")


def _name(of: Pass) -> str:
    return detector(of.job.model.builder).display


def compare(reference: Pass, other: Pass, tolerances: Tolerances) -> Agreement:
    """Compare two passes, keep the agreement beside the other, and return it.

    Raises BadInput where the annotations are gone or changed or the passes can't be compared, BadDocument where one
    can't be read.
    """
    judged = _judged(reference, other, tolerances, beside(reference, other))
    documents.write(other.place / "agreement.json", judged)
    return judged


def compare_redone(reference: Pass, redone: Pass, tolerances: Tolerances) -> Agreement:
    """Compare a pass over some images of the reference with that in these, and keep the agreement beside it.

    Raises as compare does.
    """
    rows = {row.image_id: row for row in rows_of(redone)}
    chosen = [(row, rows[row.image_id]) for row in rows_of(reference) if row.image_id in rows]
    judged = _judged(reference, redone, tolerances, chosen)
    documents.write(redone.place / "agreement.json", judged)
    return judged


def compare_resized_alike(reference: Pass, other: Pass, tolerances: Tolerances) -> Agreement:
    """Compare two passes in the images that both resized to one size, and keep nothing. Raises as compare does.

    Raises BadInput, too, where they did not record the sizes, or resized no image alike.
    """
    both = list(beside(reference, other))
    alike = [resized_alike(*rows) for rows in both]
    if not any(each is not None for each in alike):
        reason = f"{other.job.cell}: it is not known to which sizes the passes resized their images"
        raise BadInput(reason, "run them again with this version, or compare without --equal-size")
    chosen = [rows for rows, same in zip(both, alike, strict=True) if same]
    if not chosen:
        raise BadInput(f"{other.job.cell}: no image was resized alike in both passes", "compare without --equal-size")
    return replace(_judged(reference, other, tolerances, chosen), left_out=len(both) - len(chosen))


def _judged(reference: Pass, other: Pass, tolerances: Tolerances, pairs: Iterable[tuple[Row, Row]]) -> Agreement:
    sides = sides_of(reference.cell, other.cell)
    counted = tally(pairs, sides, tolerances)
    change = Change.of(reference, other)
    found = parts(counted.looked, sides, change.over)
    judged = agreement(counted, other.job, reference.name, other.name, tolerances, found)
    return replace(judged, ap_differences=change.over([each.image_id for each in counted.looked]))


@dataclass(frozen=True)
class Change:
    """What there is to compare the AP of two passes by: the annotations of what both could read, and what is scored.

    Frames of a video have no annotations.
    """

    files: tuple[Path, Path]
    annotations: Annotations | None
    kinds: list[Iou]

    @classmethod
    def of(cls, reference: Pass, other: Pass) -> "Change":
        """Read the annotations that the other pass was planned with. Raises as compare does."""
        planned = next(cell for cell in other.folder.plan.cells if cell.job.cell == other.job.cell)
        if planned.annotations is None:
            return cls((reference.file, other.file), None, [])
        makes = other.cell.result.makes
        annotations = annotations_of(Path(str(planned.annotations)), other.job, makes)
        for each in (reference, other):  # what one of them could not read is left out of both
            annotations = annotations.of(columns.read(each.file, annotations).readable)
        kinds, _ = scorable(detector(other.job.model.builder, makes), annotations)
        return cls((reference.file, other.file), annotations, kinds)

    def over(self, ids: Sequence[int]) -> list[ApDifference]:
        """Return the change of each kind of AP over some images; none where no object is annotated in them."""
        if self.annotations is None:
            return []
        wanted = set(ids)
        chosen = self.annotations.of(each for each in self.annotations.pictures if each in wanted)
        if not chosen.objects:
            return []
        one, two = (columns.read(file, chosen) for file in self.files)
        return [difference(chosen, one.of(iou), two.of(iou), iou) for iou in self.kinds]
