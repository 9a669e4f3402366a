"""What becomes of results: loaded, merged, scored, compared, shown."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from harness import agreeing, pipeline
from harness.analysis.merging import Merged, merged
from harness.api.agreements import Agreements, agreements
from harness.api.checked import (
    Flag,
    RunName,
    Size,
    Telling,
    Text,
    Where,
    checked,
    path_of,
    run_name,
)
from harness.api.scores import Scores, scores_of_file, scores_of_run
from harness.api.shown import harmless
from harness.api.tables import TextTable, text_table
from harness.documents.agreement import Tolerances
from harness.documents.runs import cells_of, open_run, open_runs
from harness.errors import BadInput
from harness.preflight.checks import Preflight
from harness.progress import Silent
from harness.report.export import write
from harness.report.tables import tables_of
from harness.report.writing import write_page
from harness.scoring.files import score_file

SILENT = Silent()


@checked
def score(
    annotations: Where | None = None,
    detections: Where | None = None,
    *,
    run: RunName | None = None,
    scorer: Text = "hotcoco",
    iou: Text = "bbox",
    box_rule: Text = "float",
    progress: Telling = SILENT,
) -> Scores:
    """Score detections as COCO does, as `harness score` does: those of a file, or of a run.

    annotations, detections: files in COCO's format and in its results format.
    run: instead, a run whose passes are all scored anew; the scores are kept beside them.
    scorer: hotcoco or pycocotools, which keeps the process's standard output to itself while it works.
    iou: of files, bbox, segm or keypoints. box_rule: of files, float or truncate-int.

    Raises BadInput for the first thing wrong with a file, and where both or neither of files and run are named.
    A pass of a run that can't be scored is among the `problems`.
    """
    if run is None and annotations is not None and detections is not None:
        files = Path(annotations), Path(detections)
        return scores_of_file(score_file(*files, iou=iou, box_rule=box_rule, scorer=scorer))
    if run is None or annotations is not None or detections is not None:
        raise BadInput("score what?", "name a run, or both annotations and detections")
    folder = open_run(run_name(run))
    problems = pipeline.rescored(folder, progress, scorer)
    return scores_of_run(folder.cells(), problems)


@checked
def agree(
    run: RunName,
    other: RunName | None = None,
    *,
    sweep: Flag = False,
    box_tolerance: Size = 0.1,
    score_tolerance: Size = 0.001,
    pictures: Where | None = None,
    progress: Telling = SILENT,
) -> Agreements:
    """Tell whether environments, readers or runs detect the same, as `harness agree` does.

    run, other: the passes of one run are compared with one another, or those of the other with the first's.
    sweep: run the passes again with each switch of the numerics turned, and compare; of one run.
    box_tolerance: how far a corner or a keypoint may move, in pixels. score_tolerance: how far a score may.
    pictures: the folder in which what differs is drawn, else beside the results.

    What differs raises nothing: look at `agreed`. Raises BadInput where there is nothing to compare, CannotRunHere and
    Interrupted, with sweep, as `harness.run` does.
    """
    runs = [open_run(run_name(each)) for each in (run, other) if each is not None]
    if sweep and len(runs) > 1:
        raise BadInput(f"{len(runs)} runs were named", "name one for --sweep, else one or two")
    tolerances = Tolerances(box_px=box_tolerance, score=score_tolerance, keypoint_px=box_tolerance)
    ran = True
    if sweep:
        with Preflight() as preflight:
            outcome = agreeing.swept(runs[0], preflight, progress)
        runs, ran = [runs[0], outcome.folder], outcome.fine
    compared = agreeing.compared(runs, tolerances, path_of(pictures), progress)
    return agreements(compared, ran=ran)


@checked
def load(*runs: RunName, published: Flag = False, allow: Flag = False) -> pd.DataFrame:
    """Return the tidy table of runs, of one or several machines: a row for each cell and metric.

    published: add what was published in 2021. allow: also what was not measured alike.

    The columns are those of docs/results.md: what a figure is of, as categories; metric, value, its 95 % interval (low,
    high), unit and n. What is unknown is missing. Control characters are taken out of texts. `attrs` has `missing`, how
    many planned cells have no result yet, and `not_comparable`, a list of what was not measured alike.

    Raises BadInput where nothing has a result, a measurement comes twice, a run is being written, or results of one
    environment and machine were not measured alike; BadDocument where a file can't be read or is of a newer harness.
    """
    return _frame(_merged(runs, published=published, allow=allow))


@checked
def merge(*runs: RunName, out: Where, published: Flag = False, allow: Flag = False) -> pd.DataFrame:
    """Write the tidy table of runs and the wide ones into a folder, as `harness merge` does, and return the former.

    out: the folder. Raises as load does, and StorageError where it can't be written.
    """
    whole = _merged(runs, published=published, allow=allow)
    write(whole, Path(out), published)
    return _frame(whole)


@checked
def tables(*runs: RunName, published: Flag = False) -> list[TextTable]:
    """Return the tables of runs, as `harness report` prints them.

    published: add the published columns. Raises BadInput where no cell has a result, or one comes twice.
    """
    cells = cells_of(open_runs(list(map(run_name, runs))))
    return [text_table(table) for table in tables_of(cells, published=published)]


@checked
def page(*runs: RunName, out: Where, published: Flag = False, progress: Telling = SILENT) -> Path:
    """Write report.html, which needs no other file, and report.md with charts, as `harness report -o` does.

    out: the folder. published: add the published columns. Returns the path of report.html. Raises as tables does, and
    StorageError where it can't be written.
    """
    with progress.working("drawing"):
        return write_page(open_runs(list(map(run_name, runs))), Path(out), published=published)


def _merged(runs: Sequence[RunName], *, published: bool, allow: bool) -> Merged:
    return merged(list(map(run_name, runs)), allow=allow, published=published)


def _frame(whole: Merged) -> pd.DataFrame:
    frame = harmless(whole.frame)
    frame.attrs = {"missing": whole.missing, "not_comparable": whole.conflicts}
    return frame
