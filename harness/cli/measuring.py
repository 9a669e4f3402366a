"""What measures: run. Parse and call."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.grouped import GroupedCommand
from harness.cli.knobs import with_knobs
from harness.cli.options import Code, Device, DryRun, Long, Out, Precision, RunNames

run_app = typer.Typer(add_completion=False, rich_markup_mode=None)


@run_app.command(cls=GroupedCommand)
@with_knobs(before="memory")
def run(
    image: Annotated[str, typer.Option(metavar="ENV[:TAG],...", help="Environments to measure in, or auto.")] = "auto",
    model: RunNames = None,
    code: Code = None,
    all_models: Annotated[bool, typer.Option("--all-models", help="Every catalogued model.")] = False,
    published_models: Annotated[
        bool, typer.Option("--published-models", help="The eight models published in 2021.")
    ] = False,
    suite: Annotated[str, typer.Option(metavar="SUITE,...", help="latency, accuracy, or both.")] = "latency",
    protocol: Annotated[str, typer.Option(help="The recipe: quick-1, standard-1 or published-2021.")] = "quick-1",
    device: Device = "auto",
    weights: Annotated[
        str,
        typer.Option(metavar="pretrained|random|shapes|auto|PATH", help="auto: pretrained, or random when offline."),
    ] = "pretrained",
    norm_eps: options.NormEps = None,
    dataset: options.DatasetName = None,
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own pictures.")] = None,
    annotations: Annotated[
        Path | None, typer.Option(metavar="FILE", help="COCO-format annotations of --images.")
    ] = None,
    ids: Annotated[Path | None, typer.Option(metavar="FILE", help="Image ids to take, one a line.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Accuracy: take the first images only.")] = None,
    shards: Annotated[int, typer.Option(min=1, help="Split each pass into so many cells.")] = 1,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Count unreadable images instead of failing.")
    ] = False,
    repeats: Annotated[int | None, typer.Option(min=1, help="Fresh processes for each cell.")] = None,
    precision: Precision = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory limit of a cell, such as 8g.")] = None,
    stages: options.Stages = False,
    profile: options.Profiled = False,
    dry_run: DryRun = False,
    out: Out = None,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with a run; only --precision counts.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Add the published columns to the table.")] = False,
    long: Long = False,
    **knobs: str | None,
) -> None:
    """Measure models in environments and print the tables."""
    from harness.cli.commands.run import new_run, resume_run
    from harness.plan import Request, make_variants, parse_precision, parse_size
    from harness.plan.request import Choice

    variant, *ladder = make_variants(**knobs)
    request = Request(
        images=[name.strip() for name in image.split(",")],
        models=model or [],
        all_models=all_models,
        published_models=published_models,
        suites=[name.strip() for name in suite.split(",")],
        protocol=protocol,
        device=device,
        repeats=repeats,
        variant=variant,
        ladder=ladder,
        weights=weights,
        norm_eps=norm_eps,
        inputs=Choice(images, dataset, annotations, ids, limit, skip_bad_images),
        shards=shards,
        memory_bytes=None if memory is None else parse_size(memory),
        precision=None if precision is None else parse_precision(precision),
        code=code,
        stages=stages,
        profile=profile,
    )
    if resume is not None:
        fine = resume_run(resume, published=published, long=long, precision=request.precision)
    else:
        fine = new_run(request, sys.argv[1:], out, dry_run=dry_run, published=published, long=long)
    if not fine:
        raise typer.Exit(1)
