"""The command line: parse, call, print. Whatever is heavy is imported inside the command that needs it."""

import errno
import json
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from harness import __version__
from harness.cli_data import data_app
from harness.cli_images import images_app
from harness.cli_published import published_app
from harness.errors import MAKE_ROOM, HarnessError, StorageError
from harness.options import Json, Names

app = typer.Typer(
    help="Measure torchvision's detection models in pinned environments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time of --help
)
app.add_typer(images_app, name="images")
app.add_typer(published_app, name="published")
app.add_typer(data_app, name="data")

#: What any write may fail with, wherever it happens.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def main() -> NoReturn:
    """Run the command line; an error that has a remedy becomes its sentence and its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM cleans up like Ctrl-C
    try:
        app()
    except HarnessError as error:
        _fail(error)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _fail(StorageError(f"{error.filename or 'a file of this run'} can't be written: {error.strerror}", MAKE_ROOM))
    sys.exit(0)


def _fail(error: HarnessError) -> NoReturn:
    print(f"harness: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


@app.command()
def models(as_json: Json = False) -> None:
    """List the catalogued models and what torchvision publishes of them."""
    from harness.commands.models import list_models

    list_models(as_json)


@app.command()
def run(
    image: Annotated[str, typer.Option(metavar="ENV[:TAG],...", help="Environments to measure in, or auto.")] = "auto",
    model: Names = None,
    all_models: Annotated[bool, typer.Option("--all-models", help="Every catalogued model.")] = False,
    published_models: Annotated[
        bool, typer.Option("--published-models", help="The eight models published in 2021.")
    ] = False,
    suite: Annotated[str, typer.Option(metavar="SUITE,...", help="latency, accuracy, or both.")] = "latency",
    protocol: Annotated[str, typer.Option(help="The recipe: quick-1 or published-2021.")] = "quick-1",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N|UUID]", help="Where to compute.")] = "auto",
    weights: Annotated[
        str,
        typer.Option(metavar="pretrained|random|shapes|auto|PATH", help="auto: pretrained, or random when offline."),
    ] = "pretrained",
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Accuracy: coco-val2017, shapes, or a COCO-format folder.")
    ] = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own pictures.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Accuracy: COCO-format annotations of --images.")
    ] = None,
    ids: Annotated[Path | None, typer.Option(metavar="FILE", help="Accuracy: image ids to take, one a line.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Accuracy: take the first images only.")] = None,
    reader: Annotated[
        str | None, typer.Option(metavar="cv2|pil|torchvision", help="Accuracy: who decodes, if not the protocol's.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Accuracy: images at once.")] = None,
    shards: Annotated[int, typer.Option(min=1, help="Accuracy: split each pass into so many cells.")] = 1,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Accuracy: count unreadable images instead of failing.")
    ] = False,
    repeats: Annotated[int | None, typer.Option(min=1, help="Latency: fresh processes for each cell.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Latency: fewer iterations, labelled.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="torch's threads.")] = None,
    cpus: Annotated[str | None, typer.Option(metavar="LIST", help="CPUs to use, such as 0,2-3.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory limit of a cell, such as 8g.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the run goes (results/ID).")] = None,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with a run; other options rest.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Add the published columns to the table.")] = False,
) -> None:
    """Measure models in environments and print the tables."""
    from harness.commands.run import new_run, resume_run
    from harness.inputs import Choice
    from harness.plan import Request, make_variant, parse_size

    request = Request(
        images=[name.strip() for name in image.split(",")],
        models=model or [],
        all_models=all_models,
        published_models=published_models,
        suites=[name.strip() for name in suite.split(",")],
        protocol=protocol,
        device=device,
        repeats=repeats,
        variant=make_variant(threads, cpus, iterations, reader, batch),
        weights=weights,
        inputs=Choice(images, dataset, annotations, ids, limit, skip_bad_images),
        shards=shards,
        memory_bytes=parse_size(memory) if memory else None,
    )
    if resume:
        fine = resume_run(resume, published=published)
    else:
        fine = new_run(request, sys.argv[1:], out, dry_run=dry_run, published=published)
    if not fine:
        raise typer.Exit(1)


@app.command()
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
    from harness.commands.score import score_files, score_run
    from harness.errors import BadInput

    if run is not None and annotations is None and detections is None:
        score_run(run, scorer=scorer, as_json=as_json)
    elif run is None and annotations is not None and detections is not None:
        score_files(annotations, detections, iou=iou, box_rule=box_rule, scorer=scorer, as_json=as_json)
    else:
        raise BadInput("score what?", "name a RUN, or both --annotations and --detections")


@app.command()
def agree(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="One run's passes, or the second's beside the first's.")
    ],
    sweep: Annotated[bool, typer.Option("--sweep", help="Run again with each switch of the numerics turned.")] = False,
    box_tolerance: Annotated[float, typer.Option(metavar="PX", min=0, help="How far a corner may move.")] = 0.1,
    score_tolerance: Annotated[float, typer.Option(metavar="X", min=0, help="How far a score may move.")] = 0.001,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where what differs is drawn, if not beside the results.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell whether environments, readers or runs detect the same.

    Exit code 1 where they do not.
    """
    from harness.agreement.documents import Tolerances
    from harness.commands.agree import agree_runs, agree_swept
    from harness.errors import BadInput

    if len(runs) > (1 if sweep else 2):
        raise BadInput(f"{len(runs)} runs were named", "name one for --sweep, else one or two")
    tolerances = Tolerances(box_px=box_tolerance, score=score_tolerance, keypoint_px=box_tolerance)
    if not (agree_swept if sweep else agree_runs)(runs, tolerances, pictures, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def choose(
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N|UUID]", help="Where to compute.")] = "auto",
) -> None:
    """Print the environment that --image auto means on this host; the reason goes to standard error."""
    from harness.preflight import Preflight

    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
    print(f"measuring in {environment.name}: {reason}", file=sys.stderr)
    print(environment.name)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Tell what runs on this host, and if not, why."""
    from harness.commands.doctor import print_findings

    print_findings(as_json)


@app.command()
def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="IDs or folders of runs, or latest.")],
    published: Annotated[bool, typer.Option("--published", help="Add the published columns.")] = False,
    form: Annotated[
        str | None, typer.Option("--format", metavar="markdown|csv", help="Else the terminal's own.")
    ] = None,
) -> None:
    """Print the tables of runs."""
    from harness.commands.report import print_report

    print_report(runs, published=published, form=form)


@app.command()
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
    from harness.commands.merge import merge_runs

    merge_runs(runs or [], out, published=published, allow=allow)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the harness's version."""
    print(json.dumps({"version": __version__}) if as_json else __version__)


if __name__ == "__main__":
    main()
