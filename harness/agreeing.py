"""The use case of `agree`: which detection passes are compared, what came out, and what made them differ."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from harness import pipeline
from harness.agreement.beside import Pass, rows_of
from harness.agreement.passes import (
    alone,
    between,
    compare,
    compare_redone,
    compare_resized_alike,
    passes_of,
    require_comparable,
    within,
)
from harness.catalogue import pick
from harness.documents import PlannedCell
from harness.documents.agreement import Agreement, Portion, Tolerances
from harness.documents.causes import CAUSES, words
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.pipeline import Outcome
from harness.plan import experiment, sweep
from harness.plan.experiment import Rules
from harness.preflight.checks import Preflight
from harness.progress import Progress
from harness.report.pictures import disagreements, draw_worst
from harness.text import count
from runner.contract import NmsRoute

Pair = tuple[Pass, Pass]


@dataclass(frozen=True)
class Compared:
    """The agreements of pairs of passes, the pictures of what differs, and whether all agree."""

    agreements: list[Agreement]
    pictures: list[Path]
    pairs: list[Pair] = field(default_factory=list)

    @property
    def agreed(self) -> bool:
        """Whether no pair differs."""
        return self.within(())

    def within(self, allowed: Collection[str]) -> bool:
        """Whether no pair differs but for causes that are allowed."""
        return not any(each.verdict == "different" and each.beyond(allowed) for each in self.agreements)


@dataclass(frozen=True)
class Redone:
    """Images that differed for some causes, detected in again by the reference's rules, and how they agree now."""

    part: Portion
    agreement: Agreement

    @property
    def sentence(self) -> str:
        """What remained of the difference."""
        found = self.agreement
        images = f"{count(self.part.images, 'image')} {words(self.part.causes)}"
        done = f"{found.other.cell}: {images}, done again as in the reference"
        if found.verdict != "different":
            return f"{done}: {found.sentence}; nothing remained"
        return f"{done}: {count(found.images_different, 'image')} still differed: {found.because}"


def allowed(names: Sequence[str]) -> list[str]:
    """Return causes by their names, each of which may be several with commas. Raises BadInput where one is none."""
    chosen = [part.strip() for name in names for part in name.split(",")]
    return [pick("cause", name, {cause: cause for cause in CAUSES}) for name in chosen]


def require_one_way(runs: int, *, sweep: bool, experiment: bool) -> None:
    """Raise BadInput where so many runs can't be compared so, or passes were to be run again in two ways at once."""
    if runs > (1 if sweep else 2):
        raise BadInput(f"{runs} runs were named", "name one for --sweep, else one or two")
    if sweep and experiment:
        raise BadInput("--sweep and --experiment are two ways to run again", "choose one")


def compared(
    runs: list[RunFolder],
    tolerances: Tolerances,
    pictures: Path | None,
    progress: Progress,
    *,
    equal_size: bool = False,
) -> Compared:
    """Compare the passes of one run with one another, or of the second with the first, and keep what came out.

    What differs is drawn into the folder `pictures`, or beside the results. `equal_size` compares only images that both
    resized alike, keeps nothing, and draws only into `pictures`. Raises BadInput where there is nothing to compare, and
    where a process executes a run.
    """
    for run in runs:
        run.require_idle()
    # Or agreements might come to stand beside a pass that was begun anew meanwhile. They go into the last run alone.
    with nullcontext() if equal_size else runs[-1].locked():
        pairs = _pairs(runs, progress)
        how = compare_resized_alike if equal_size else compare
        with progress.working("comparing detections"):
            agreements = [how(*pair, tolerances) for pair in pairs]
            drawn = pairs if pictures or not equal_size else []
            for agreement, pair in zip(agreements, drawn, strict=False):
                draw_worst(agreement, *pair, pictures)
    return Compared(agreements, [path for _, other in drawn for path in disagreements(other, pictures)], pairs)


def _pairs(runs: list[RunFolder], progress: Progress) -> list[Pair]:
    """Return the passes to compare, the second of each pair of the last run. Raises BadInput where there are none."""
    sides = [passes_of(run) for run in runs]
    pairs = within(*sides) if len(sides) == 1 else between(*sides)
    require_comparable(pairs, *sides)
    for each in alone(pairs, *sides):
        name = f"{each.folder.name}, {each.job.cell}"
        progress.say(f"not compared: {name}: no other pass of its model and images")
    return pairs


def swept(folder: RunFolder, preflight: Preflight, progress: Progress) -> Outcome:
    """Run the passes of a run again with each switch of the numerics turned. Raises as pipeline.start."""
    return pipeline.start(sweep.plan(folder), preflight, progress, "sweep")


def experimented(
    of: Compared, tolerances: Tolerances, preflight: Preflight, progress: Progress
) -> tuple[list[Redone], bool]:
    """Detect in the images of each known cause again, by the reference's rule, and compare them with it.

    Returns what remained, and whether every cell ran. What can't be redone is told. Raises BadInput where nothing can
    be, else as pipeline.start.
    """
    trials = list(_trials(of, progress))
    if not trials:
        raise BadInput("there is nothing to redo by the other's rule", "leave out --experiment")
    folder = trials[0].pair[1].folder
    planned = experiment.plan(folder, [each.cell for each in trials])
    outcome = pipeline.start(planned, preflight, progress, "experiment")
    with outcome.folder.locked(), progress.working("comparing detections"):
        done = {each.job.cell: each for each in passes_of(outcome.folder).passes}
        redone = [
            Redone(each.part, compare_redone(each.pair[0], done[each.cell.job.cell], tolerances))
            for each in trials
            if each.cell.job.cell in done
        ]
    return redone, outcome.fine


@dataclass(frozen=True)
class _Trial:
    pair: Pair
    part: Portion
    cell: PlannedCell


def _trials(of: Compared, progress: Progress) -> Iterator[_Trial]:
    for agreement, pair in zip(of.agreements, of.pairs, strict=True):
        reference, other = pair
        planned = next(cell for cell in other.folder.plan.cells if cell.job.cell == other.job.cell)
        for part in (part for part in agreement.parts or [] if part.images and part.causes):
            rules = Rules(reference.cell, _route(reference, part) if "nms" in part.causes else None)
            try:
                yield _Trial(pair, part, experiment.redone(planned, part, rules))
            except BadInput as error:
                progress.say(f"not redone: {error}")


def _route(of: Pass, part: Portion) -> NmsRoute | None:
    """Return the route that NMS took in all images of the part, None where it took several or is unknown."""
    wanted = set(part.image_ids)
    routes = {row.seen.nms_route for row in rows_of(of) if row.image_id in wanted}
    known: dict[str | None, NmsRoute] = {"vanilla": "vanilla", "coordinate trick": "coordinate-trick"}
    return known.get(routes.pop()) if len(routes) == 1 else None
