"""The use case of `agree`: which detection passes are compared, and what came out."""

from dataclasses import dataclass
from pathlib import Path

from harness import pipeline
from harness.agreement.passes import Pass, alone, between, compare, passes_of, require_comparable, within
from harness.documents.agreement import Agreement, Tolerances
from harness.documents.run_folder import RunFolder
from harness.pipeline import Outcome
from harness.plan import sweep
from harness.preflight.checks import Preflight
from harness.progress import Progress
from harness.report.pictures import disagreements, draw_worst


@dataclass(frozen=True)
class Compared:
    """The agreements of pairs of passes, the pictures of what differs, and whether all agree."""

    agreements: list[Agreement]
    pictures: list[Path]

    @property
    def agreed(self) -> bool:
        """Whether no pair differs."""
        return all(each.verdict != "different" for each in self.agreements)


def compared(runs: list[RunFolder], tolerances: Tolerances, pictures: Path | None, progress: Progress) -> Compared:
    """Compare the passes of one run with one another, or of the second with the first, and keep what came out.

    What differs is drawn into the folder `pictures`, or beside the results. Raises BadInput where there is nothing to
    compare, and where a process executes a run.
    """
    for run in runs:
        run.require_idle()
    sides = [passes_of(run) for run in runs]
    pairs = within(*sides) if len(sides) == 1 else between(*sides)
    require_comparable(pairs, *sides)
    for each in alone(pairs, *sides):
        name = f"{each.folder.name}, {each.job.cell}"
        progress.say(f"not compared: {name}: no other pass of its model, images and weights")
    with progress.working("comparing detections"):
        agreements = [_drawn(*pair, tolerances, pictures) for pair in pairs]
    return Compared(agreements, [path for _, other in pairs for path in disagreements(other, pictures)])


def swept(folder: RunFolder, preflight: Preflight, progress: Progress) -> Outcome:
    """Run the passes of a run again with each switch of the numerics turned. Raises as pipeline.start."""
    return pipeline.start(sweep.plan(folder), preflight, progress, "sweep")


def _drawn(reference: Pass, other: Pass, tolerances: Tolerances, pictures: Path | None) -> Agreement:
    found = compare(reference, other, tolerances)
    draw_worst(found, reference, other, pictures)
    return found
