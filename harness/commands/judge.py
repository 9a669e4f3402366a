"""What follows the execution of a run's detection passes: their scores, and how far they agree."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import documents
from harness.display import working
from harness.documents import PlannedCell
from harness.storage import RunFolder

if TYPE_CHECKING:
    from harness.scoring.documents import ScorerName


def judge(console: Console, folder: RunFolder) -> None:
    """Score the passes that have no scores yet, and compare each with the run's first of the same model."""
    score_cells(console, folder)
    if len(_detected(folder)) > 1:
        # Only here, since a run without passes to compare need not wait for what it takes to do so.
        from harness.agreement.documents import Tolerances
        from harness.agreement.passes import compare, within

        with working(console, "comparing detections"):
            for pair in within(folder):
                compare(*pair, Tolerances())


def score_cells(console: Console, folder: RunFolder, scorer: "ScorerName" = "hotcoco", *, anew: bool = False) -> None:
    """Score the detection passes of a run that have no scores yet, or all of them."""
    cells = [cell for cell in _detected(folder) if anew or folder.scores(cell.job) is None]
    if not cells:
        return
    from harness.scoring.cells import score_cell

    with working(console, "scoring"):
        for planned in cells:
            place, result = folder.cell_folder(planned.job), folder.result(planned.job)
            if result and result.detections:
                file = place / result.detections.file
                scores = score_cell(planned.job, Path(str(planned.annotations)), file, scorer)
                documents.write(place / "scores.json", scores)


def _detected(folder: RunFolder) -> list[PlannedCell]:
    """Return the cells of whole detection passes that came to their end."""
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    return [cell for cell in whole if (result := folder.result(cell.job)) and result.detections]
