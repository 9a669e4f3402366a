"""The commands of harness data: parse and call."""

from typing import Annotated

import typer

from harness.cli.group import Group
from harness.cli.options import Json, Names

data_app = typer.Typer(
    cls=Group, help="Datasets and checkpoints.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="coco-val2017 or weights.")],
    model: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Every model's weights; else the eight published ones.")] = False,
    origin: Annotated[
        str | None,
        typer.Option("--from", metavar="URL|PATH", help="A mirror, a folder, or where one is meant, a file."),
    ] = None,
) -> None:
    """Fetch a dataset, or models' weights, and check them."""
    from harness.cli.commands.data import fetch_data

    fetch_data(name, model or [], every=every, origin=origin)


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List what can be fetched, and what of it is here."""
    from harness.cli.commands.data import list_data

    list_data(as_json)


@data_app.command("verify")
def data_verify(as_json: Json = False) -> None:
    """Hash what is here anew; exit code 1 where it differs."""
    from harness.cli.commands.data import verify_data

    if not verify_data(as_json):
        raise typer.Exit(1)
