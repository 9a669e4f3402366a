"""harness published: parse and call."""

import typer

from harness.cli.group import Group
from harness.cli.options import Json

published_app = typer.Typer(
    cls=Group, help="The numbers published in 2021.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@published_app.callback()
def published() -> None:
    """Keep `check` a command of its own although it is the only one."""


@published_app.command("check")
def published_check(as_json: Json = False) -> None:
    """Compare the published latency table with its source files; exit code 1 where a cell is in none of them."""
    from harness.cli.commands.published import check_published

    if not check_published(as_json):
        raise typer.Exit(1)
