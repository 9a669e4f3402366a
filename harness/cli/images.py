"""harness images: parse, call, print."""

from typing import Annotated

import typer

from harness.cli.group import Group
from harness.cli.options import Json

images_app = typer.Typer(
    cls=Group,
    help="The images of the Docker environments.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@images_app.command("build")
def images_build(
    environments: Annotated[list[str], typer.Argument(metavar="ENV...", help="Docker environments.")],
    base: Annotated[str | None, typer.Option(metavar="REF", help="Substitute the pinned base image.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A build argument.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Build every step again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Compile, and pin unknown checksums, without asking.")] = False,
) -> None:
    """Build the images of environments, or say that they are here already."""
    from harness.cli.commands.images import build_images

    build_images(environments, base=base, build_args=build_arg or [], no_cache=no_cache, yes=yes)


@images_app.command("list")
def images_list(as_json: Json = False) -> None:
    """List every Docker environment and its image: built or not, pinned or not, its size."""
    from harness.cli.commands.images import list_images

    list_images(as_json)


@images_app.command("lock")
def images_lock(
    environments: Annotated[list[str] | None, typer.Argument(metavar="[ENV...]", help="Else all of them.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the files.")] = False,
) -> None:
    """Resolve base digests and wheels anew and show what differs; exit code 1 where anything does."""
    from harness.cli.commands.images import lock_images

    if not lock_images(environments or [], write=write):
        raise typer.Exit(1)


@images_app.command("verify")
def images_verify(
    environments: Annotated[list[str], typer.Argument(metavar="ENV...", help="Docker environments.")],
) -> None:
    """Start images and compare what they hold with their pins; exit code 1 where anything differs."""
    from harness.cli.commands.images import verify_images

    if not verify_images(environments):
        raise typer.Exit(1)


@images_app.command("prune")
def images_prune(
    every: Annotated[bool, typer.Option("--all", help="Those in use, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the images that the harness built and no longer uses, once they are shown and confirmed."""
    from harness.cli.commands.images import prune_images

    prune_images(every=every, yes=yes)
