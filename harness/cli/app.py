"""The command line: parse, call, print. Whatever is heavy is imported inside the command that needs it."""

import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from harness import __version__, text
from harness.cli.data import data_app
from harness.cli.images import images_app
from harness.cli.options import Json, Names
from harness.cli.published import published_app
from harness.cli.results import results_app
from harness.errors import HarnessError, refused

app = typer.Typer(
    help="Measure torchvision's detection models in pinned environments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time of --help
)
app.add_typer(results_app)
app.add_typer(images_app, name="images")
app.add_typer(published_app, name="published")
app.add_typer(data_app, name="data")


def main() -> NoReturn:
    """Run the command line; an error that has a sentence ends in it and in its exit code, never in a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that SIGTERM cleans up like Ctrl-C
    text.suit_streams()
    try:
        try:
            app()
        except SystemExit:
            text.flush_output()
            raise
    except HarnessError as error:
        _fail(error)
    except BrokenPipeError:  # whoever read what was printed has enough of it
        sys.exit(1)
    except OSError as error:
        _fail(refused(error, error.filename or "a file, or what was printed,", "read or written", elsewhere=""))
    sys.exit(0)


def _fail(error: HarnessError) -> NoReturn:
    print(f"harness: {text.printable(str(error))}", file=sys.stderr)
    with suppress(OSError):
        text.flush_output()
    sys.exit(error.exit_code)


@app.command()
def models(as_json: Json = False) -> None:
    """List the catalogued models and what torchvision publishes of them."""
    from harness.cli.commands.models import list_models

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
    norm_eps: Annotated[
        float | None, typer.Option(metavar="EPS", help="Your own weights: the batch norms' epsilon in training.")
    ] = None,
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
    from harness.cli.commands.run import new_run, resume_run
    from harness.plan import Request, make_variant, parse_size
    from harness.plan.request import Choice

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
        norm_eps=norm_eps,
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
def choose(
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N|UUID]", help="Where to compute.")] = "auto",
) -> None:
    """Print the environment that --image auto means on this host; the reason goes to standard error."""
    from harness.preflight.checks import Preflight

    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
        for remark in preflight.left_out(device):
            print(text.printable(remark), file=sys.stderr)
    print(f"measuring in {environment.name}: {text.printable(reason)}", file=sys.stderr)
    print(environment.name)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Tell what runs on this host, and if not, why."""
    from harness.cli.commands.doctor import print_findings

    print_findings(as_json)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the harness's version."""
    print(json.dumps({"version": __version__}) if as_json else __version__)


if __name__ == "__main__":
    main()
