"""What is made of a run's detection passes: their scores, and how far those of one model agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness import documents
from harness.catalogue import pick
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, HarnessError
from harness.progress import Progress

if TYPE_CHECKING:
    from harness.documents.scores import ScorerName


def judge(folder: RunFolder, progress: Progress) -> list[HarnessError]:
    """Score the passes that have no scores yet, and compare each with the run's first of the same model.

    A pass that can't be scored or compared takes nothing else along: its error, which names it, is in the answer.
    """
    failed = score_cells(folder, progress)
    if len(_detected(folder)) > 1:
        # Only here, since a run without passes to compare need not wait for what it takes to do so.
        from harness.agreement.passes import compare, passes_of, within
        from harness.documents.agreement import Tolerances
        from harness.report.pictures import draw_worst

        with progress.working("comparing detections"):
            for pair in within(passes_of(folder)):
                with _ending_alone(failed, f"{pair[1].job.cell} can't be compared"):
                    draw_worst(compare(*pair, Tolerances()), *pair)
    return failed


@contextmanager
def _ending_alone(failed: list[HarnessError], what: str) -> Iterator[None]:
    """Keep an error, with the cell that it is of, rather than end what goes on for others."""
    try:
        yield
    except HarnessError as error:
        failed.append(type(error)(f"{what}: {error.reason}", error.remedy))


def score_cells(
    folder: RunFolder, progress: Progress, scorer: "ScorerName" = "hotcoco", *, anew: bool = False
) -> list[HarnessError]:
    """Score the detection passes of a run that have no scores yet, or all. Returns the error of each that can't be."""
    annotated = [cell for cell in _detected(folder) if cell.annotations]
    cells = [cell for cell in annotated if anew or folder.scores(cell.job) is None]
    if not cells:
        return []
    from harness.scoring.cells import score_cell

    failed: list[HarnessError] = []
    with progress.working("scoring"):
        for cell in cells:
            place, result = folder.cell_folder(cell.job), folder.result(cell.job)
            if result and result.detections:
                with _ending_alone(failed, f"{cell.job.cell} can't be scored"):
                    file = place / result.detections.file
                    scores = score_cell(cell.job, Path(str(cell.annotations)), file, scorer, result.makes)
                    documents.write(place / "scores.json", scores)
    return failed


def rescored(folder: RunFolder, progress: Progress, scorer: str) -> list[HarnessError]:
    """Score every detection pass of a run anew. Returns as score_cells does.

    Raises BadInput where there is none, and where a process executes the run.
    """
    from harness.scoring.files import SCORERS

    folder.require_idle()
    if not any(cell.result.detections for cell in folder.cells()):
        raise BadInput(f"the run {folder.name} has no detections yet", "make some with: harness run --suite accuracy")
    chosen = pick("scorer", scorer, SCORERS)
    with folder.locked():  # or scores might come to stand beside a pass that was begun anew meanwhile
        return score_cells(folder, progress, chosen, anew=True)


def _detected(folder: RunFolder) -> list[PlannedCell]:
    """Return the cells of whole detection passes that came to their end."""
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    return [cell for cell in whole if (result := folder.result(cell.job)) and result.detections]
