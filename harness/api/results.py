"""What becomes of results: loaded, merged, scored, compared, shown."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from harness import agreeing, judging
from harness.agreeing import Redone
from harness.analysis.merging import Merged, merged
from harness.api.agreements import Agreements, agreements
from harness.api.checked import (
    Flag,
    Names,
    RunName,
    Size,
    Telling,
    Text,
    Where,
    checked,
    names_of,
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
from harness.report.gallery import write_gallery
from harness.report.history import history_tables
from harness.report.tables import tables_of
from harness.report.writing import write_history, write_page
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
        raise BadInput("nothing was named to score", "name a run, or both annotations and detections")
    folder = open_run(run_name(run))
    problems = judging.rescored(folder, progress, scorer)
    return scores_of_run(folder.cells(), problems)


@checked
def agree(
    run: RunName,
    other: RunName | None = None,
    *,
    sweep: Flag = False,
    box_tolerance: Size = 0.1,
    score_tolerance: Size = 0.001,
    equal_size: Flag = False,
    allow: Names = (),
    experiment: Flag = False,
    pictures: Where | None = None,
    progress: Telling = SILENT,
) -> Agreements:
    """Tell whether environments, readers or runs detect the same, and if not, why, as `harness agree` does.

    run, other: the passes of one run are compared with one another, or those of the other with the first's.
    sweep: run the passes again with each switch of the numerics turned, and compare; of one run.
    box_tolerance: how far a corner or a keypoint may move, in pixels. score_tolerance: how far a score may.
    equal_size: compare only images that both resized to one size. allow: the causes for which passes may differ.
    experiment: run the images that differ again, by the rule of the pass that they were compared with.
    pictures: the folder in which what differs is drawn, else beside the results.

    What differs raises nothing: look at `agreed`. Raises BadInput where there is nothing to compare, CannotRunHere and
    Interrupted, with sweep and experiment, as `harness.run` does.
    """
    allowed = agreeing.allowed(names_of(allow))
    runs = [open_run(run_name(each)) for each in (run, other) if each is not None]
    agreeing.require_one_way(len(runs), sweep=sweep, experiment=experiment)
    tolerances = Tolerances(box_px=box_tolerance, score=score_tolerance, keypoint_px=box_tolerance)
    ran = True
    if sweep:
        with Preflight() as preflight:
            outcome = agreeing.swept(runs[0], preflight, progress)
        runs, ran = [runs[0], outcome.folder], outcome.fine
    compared = agreeing.compared(runs, tolerances, path_of(pictures), progress, equal_size=equal_size)
    redone: list[Redone] = []
    if experiment:
        with Preflight() as preflight:
            redone, ran = agreeing.experimented(compared, tolerances, preflight, progress)
    return agreements(compared, redone, agreed=ran and compared.within(allowed))


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
def tables(*runs: RunName, published: Flag = False, over_time: Flag = False) -> list[TextTable]:
    """Return the tables of runs, as `harness report` prints them.

    published: add the published columns. over_time: instead, each model's figure over the runs' dates.

    Raises BadInput where no cell has a result, or one comes twice.
    """
    folders = open_runs(list(map(run_name, runs)))
    found = history_tables(folders) if over_time else tables_of(cells_of(folders), published=published)
    return [text_table(table) for table in found]


@checked
def page(
    *runs: RunName, out: Where, published: Flag = False, over_time: Flag = False, progress: Telling = SILENT
) -> Path:
    """Write report.html, which needs no other file, and report.md with charts, as `harness report -o` does.

    out: the folder. published: add the published columns. over_time: begin with each model's figure over the runs'
    dates. Returns the path of report.html. Raises as tables does, and
    StorageError where it can't be written.
    """
    with progress.working("drawing"):
        written = write_history if over_time else write_page
        return written(open_runs(list(map(run_name, runs))), Path(out), published=published)


@checked
def gallery(*runs: RunName, out: Where, published: Flag = False, progress: Telling = SILENT) -> Path:
    """Write a page of each run into a folder for any static host, and an index, as `harness report --gallery` does.

    out: the folder. Runs that are there already stay in the index until their folders are deleted; one that is named
    again is written anew. published: add the published columns. Returns the path of index.html.

    Raises as page does, and BadInput where the folder holds something else.
    """
    with progress.working("drawing"):
        return write_gallery(open_runs(list(map(run_name, runs))), Path(out), published=published)


def _merged(runs: Sequence[RunName], *, published: bool, allow: bool) -> Merged:
    return merged(list(map(run_name, runs)), allow=allow, published=published)


def _frame(whole: Merged) -> pd.DataFrame:
    frame = harmless(whole.frame)
    frame.attrs = {"missing": whole.missing, "not_comparable": whole.conflicts}
    return frame
