"""A list of commands: what stands in the help of each that has others below it."""

from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter


class Group(TyperGroup):
    """Commands whose list says what each is for in whole sentences, broken between words; typer's own cuts them."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the list."""
        with formatter.section("Commands"):
            told = {name: (command.help or "").partition("\n\n")[0] for name, command in self.commands.items()}
            formatter.write_dl(list(told.items()))
