"""What follows the execution of a run's detection passes: their scores, and how far they agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import documents
from harness.cli.console import working
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.documents.scores import ScorerName


def judge(console: Console, folder: RunFolder) -> list[HarnessError]:
    """Score the passes that have no scores yet, and compare each with the run's first of the same model.

    A pass that can't be scored or compared takes nothing else along: its error, which names it, is in the answer.
    """
    failed = score_cells(console, folder)
    if len(_detected(folder)) > 1:
        # Only here, since a run without passes to compare need not wait for what it takes to do so.
        from harness.agreement.passes import compare, within
        from harness.documents.agreement import Tolerances
        from harness.report.pictures import draw_worst

        with working(console, "comparing detections"):
            for pair in within(folder):
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
    console: Console, folder: RunFolder, scorer: "ScorerName" = "hotcoco", *, anew: bool = False
) -> list[HarnessError]:
    """Score the detection passes of a run that have no scores yet, or all. Returns the error of each that can't be."""
    cells = [cell for cell in _detected(folder) if anew or folder.scores(cell.job) is None]
    if not cells:
        return []
    from harness.scoring.cells import score_cell

    failed: list[HarnessError] = []
    with working(console, "scoring"):
        for planned in cells:
            place, result = folder.cell_folder(planned.job), folder.result(planned.job)
            if result and result.detections:
                with _ending_alone(failed, f"{planned.job.cell} can't be scored"):
                    file = place / result.detections.file
                    scores = score_cell(planned.job, Path(str(planned.annotations)), file, scorer)
                    documents.write(place / "scores.json", scores)
    return failed


def _detected(folder: RunFolder) -> list[PlannedCell]:
    """Return the cells of whole detection passes that came to their end."""
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    return [cell for cell in whole if (result := folder.result(cell.job)) and result.detections]
