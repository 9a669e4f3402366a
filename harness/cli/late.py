"""Commands whose function, and with it every option, is imported once they are called, or their own help is asked for.

The list of commands needs their names and what they are for: options, and the table of knobs, cost a quarter more.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer.main
from typer.core import TyperCommand, TyperGroup

from harness.errors import BadInput

if TYPE_CHECKING:
    from typer._click.core import Context


class LateCommand(TyperCommand):
    """A command as the list has it; calling it makes the whole one, which parses and runs."""

    def whole(self) -> TyperCommand | TyperGroup:
        """Import the command and return it with its options, or with the commands of its group."""
        assert self.callback is not None  # noqa: S101 -- every command of typer has one
        made: TyperCommand | TyperGroup = self.callback()
        return made

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: Any
    ) -> "Context":
        """Parse the arguments as the whole command does; what typer goes on with is the context's command, that one.

        Raises BadInput where one is empty, as of a variable that a script left unset.
        """
        _require_filled(args, info_name or "harness")
        return self.whole().make_context(info_name, args, parent, **extra)


def _require_filled(args: list[str], name: str) -> None:
    for before, argument in zip([name, *args], args, strict=False):
        option, equals, value = argument.partition("=")
        if not argument.strip():
            raise BadInput(f"the argument after {before} is empty", "give it a value, or leave it out")
        if option.startswith("--") and equals and not value.strip():
            raise BadInput(f"{option} is empty", "give it a value, or leave it out")


def add_late(app: typer.Typer, name: str, about: str, place: str) -> None:
    """Give an app a command that stands at a place, MODULE:NAME: a function, or an app of one command or several."""
    app.command(name, cls=LateCommand, help=about)(_maker(name, place))


def _maker(name: str, place: str) -> Callable[[], TyperCommand | TyperGroup]:
    def whole() -> TyperCommand | TyperGroup:
        module, _, attribute = place.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            found, command = typer.Typer(add_completion=False, rich_markup_mode=None), found
            found.command(name)(command)
        made = typer.main.get_command(found)
        assert isinstance(made, TyperCommand | TyperGroup)  # noqa: S101 -- typer makes no others
        return made

    return whole
