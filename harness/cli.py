"""The command line: parse, call, print. Whatever is heavy is imported inside the command that needs it."""

import errno
import json
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from harness import __version__
from harness.errors import MAKE_ROOM, HarnessError, StorageError

app = typer.Typer(
    help="Measure torchvision's detection models in pinned environments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # halves the time of --help
)
images_app = typer.Typer(help="The images of the Docker environments.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(images_app, name="images")

#: What any write may fail with, wherever it happens.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}

Names = Annotated[list[str] | None, typer.Option("--model", metavar="NAME", help="A model; may be given again.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    suite: Annotated[str, typer.Option(help="What to measure: latency.")] = "latency",
    protocol: Annotated[str, typer.Option(help="The recipe: quick-1 or published-2021.")] = "quick-1",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda[:N|UUID]", help="Where to compute.")] = "auto",
    weights: Annotated[
        str,
        typer.Option(metavar="pretrained|random|auto|PATH", help="auto: pretrained, or random when offline."),
    ] = "pretrained",
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own pictures.")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="Fresh processes for each cell.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Fewer iterations, labelled.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="torch's threads.")] = None,
    cpus: Annotated[str | None, typer.Option(metavar="LIST", help="CPUs to use, such as 0,2-3.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Memory limit of a cell, such as 8g.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan only.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the run goes (results/ID).")] = None,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with a run; other options rest.")] = None,
    published: Annotated[bool, typer.Option("--published", help="Add the published columns to the table.")] = False,
) -> None:
    """Measure models in environments and print the table."""
    from harness.commands.run import new_run, resume_run
    from harness.plan import Request, parse_cpus, parse_size

    request = Request(
        images=[name.strip() for name in image.split(",")],
        models=model or [],
        all_models=all_models,
        published_models=published_models,
        suite=suite,
        protocol=protocol,
        device=device,
        repeats=repeats,
        iterations=iterations,
        threads=threads,
        cpus=parse_cpus(cpus) if cpus else None,
        weights=weights,
        photographs=images,
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
    """Print the latency table of runs."""
    from harness.commands.report import print_report

    print_report(runs, published=published, form=form)


@images_app.command("build")
def images_build(
    environments: Annotated[list[str], typer.Argument(metavar="ENV...", help="Docker environments.")],
    base: Annotated[str | None, typer.Option(metavar="REF", help="Substitute the pinned base image.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A build argument.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build every step again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Compile, and pin unknown checksums, without asking.")] = False,
) -> None:
    """Build the images of environments, or say that they are here already."""
    from harness.commands.images import build_images

    build_images(environments, base=base, build_args=build_arg or [], no_cache=no_cache, yes=yes)


@images_app.command("list")
def images_list(as_json: Json = False) -> None:
    """List every Docker environment and its image: built or not, pinned or not, its size."""
    from harness.commands.images import list_images

    list_images(as_json)


@images_app.command("lock")
def images_lock(
    environments: Annotated[list[str] | None, typer.Argument(metavar="[ENV...]", help="Else all of them.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
) -> None:
    """Resolve base digests and wheels anew and show what differs; exit code 1 where anything does."""
    from harness.commands.images import lock_images

    if not lock_images(environments or [], write=write):
        raise typer.Exit(1)


@images_app.command("verify")
def images_verify(
    environments: Annotated[list[str], typer.Argument(metavar="ENV...", help="Docker environments.")],
) -> None:
    """Start images and compare what they hold with their pins; exit code 1 where anything differs."""
    from harness.commands.images import verify_images

    if not verify_images(environments):
        raise typer.Exit(1)


@images_app.command("prune")
def images_prune(
    every: Annotated[bool, typer.Option("--all", help="Those in use, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the images that the harness built and no longer uses, once they are shown and confirmed."""
    from harness.commands.images import prune_images

    prune_images(every=every, yes=yes)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the harness's version."""
    print(json.dumps({"version": __version__}) if as_json else __version__)


if __name__ == "__main__":
    main()
