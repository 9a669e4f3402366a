"""What becomes of results: report, merge, score, agree. Parse and call."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Json, Long


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="IDs or folders of runs, or latest.")],
    published: Annotated[bool, typer.Option("--published", help="Add the published columns.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", metavar="markdown|csv", help="Else the terminal's own.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write report.html and report.md there instead.")
    ] = None,
    over_time: Annotated[
        bool, typer.Option("--over-time", help="Each model's figure over the runs' dates, and where it changed.")
    ] = False,
    gallery: Annotated[
        Path | None,
        typer.Option("--gallery", metavar="DIR", help="Write a page of each there, and add it to an index."),
    ] = None,
    long: Long = False,
) -> None:
    """Print the tables of runs, or write a page of them with charts."""
    from harness.cli.commands.report import add_to_gallery, print_report, write_report

    if gallery is not None:
        others = {"--out": out, "--format": form, "--over-time": over_time, "--long": long}
        add_to_gallery(runs, gallery, published=published, others=others)
    elif out is None:
        print_report(runs, published=published, form=form, long=long, over_time=over_time)
    else:
        write_report(runs, out, published=published, over_time=over_time)


def merge(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the tables go.")],
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="IDs or folders of runs, or latest.")
    ] = None,
    published: Annotated[bool, typer.Option("--published", help="Add what was published in 2021.")] = False,
    allow: Annotated[
        bool, typer.Option("--allow", help="Also what was not measured alike, in columns of its own.")
    ] = False,
) -> None:
    """Merge runs, of one or several machines, into one tidy table and wide ones."""
    from harness.cli.commands.merge import merge_runs

    merge_runs(runs or [], out, published=published, allow=allow)


def score(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="ID or folder of a run, or latest.")] = None,
    scorer: Annotated[str, typer.Option(metavar="hotcoco|pycocotools", help="Who computes.")] = "hotcoco",
    annotations: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Files instead of a run: COCO-format annotations")
    ] = None,
    detections: Annotated[
        Path | None, typer.Option(metavar="FILE", help="and detections in COCO's results format.")
    ] = None,
    iou: Annotated[str, typer.Option(metavar="bbox|segm|keypoints", help="Files: what is compared.")] = "bbox",
    box_rule: Annotated[
        str, typer.Option(metavar="float|truncate-int", help="Files: what becomes of a box's fractions.")
    ] = "float",
    as_json: Json = False,
) -> None:
    """Score detections as COCO does: those of a run, or of any file."""
    from harness.cli.commands.score import score_files, score_run
    from harness.errors import BadInput

    if run is not None and annotations is None and detections is None:
        score_run(run, scorer=scorer, as_json=as_json)
    elif run is None and annotations is not None and detections is not None:
        score_files(annotations, detections, iou=iou, box_rule=box_rule, scorer=scorer, as_json=as_json)
    else:
        raise BadInput("nothing was named to score", "name a RUN, or both --annotations and --detections")


def agree(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="One run's passes, or the second's beside the first's.")
    ],
    sweep: Annotated[bool, typer.Option("--sweep", help="Run again with each switch of the numerics turned.")] = False,
    box_tolerance: Annotated[float, typer.Option(metavar="PX", min=0, help="How far a corner may move.")] = 0.1,
    score_tolerance: Annotated[float, typer.Option(metavar="X", min=0, help="How far a score may move.")] = 0.001,
    equal_size: Annotated[
        bool, typer.Option("--equal-size", help="Only images that both resized to one size.")
    ] = False,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="CAUSE,...", help="Causes for which passes may differ, such as resize.")
    ] = None,
    experiment: Annotated[
        bool, typer.Option("--experiment", help="Run images that differ again, by the reference's rule.")
    ] = False,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where what differs is drawn, if not beside the results.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell whether environments, readers or runs detect the same, and if not, why.

    Exit code 1 where they differ for no known cause, or for one that --allow does not name.
    """
    from harness import agreeing
    from harness.cli.commands.agree import AgreeRequest, agree_redone, agree_runs, agree_swept
    from harness.documents.agreement import Tolerances

    agreeing.require_one_way(len(runs), sweep=sweep, experiment=experiment)
    tolerances = Tolerances(box_px=box_tolerance, score=score_tolerance, keypoint_px=box_tolerance)
    how = agree_swept if sweep else agree_redone if experiment else agree_runs
    if not how(runs, AgreeRequest(tolerances, pictures, as_json, equal_size, allow or ())):
        raise typer.Exit(1)
