"""A list of commands: what stands in the help of each that has others below it, and how an interruption leaves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from harness.errors import HarnessError
from harness.host.interruptions import INTERRUPTED

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter


class Stopped(HarnessError):
    """The command was interrupted."""

    exit_code = INTERRUPTED


@contextmanager
def _stopping() -> Iterator[None]:
    """Turn an interruption into a sentence, where typer would end without one, or by a word at a question."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort) as interruption:
        if isinstance(interruption.__context__, EOFError):
            raise HarnessError("nobody answered", "") from interruption
        raise Stopped(str(interruption) or "interrupted", "") from interruption


class Group(TyperGroup):
    """Commands whose list says what each is for in whole sentences, broken between words; typer's own cuts them."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: Any
    ) -> "Context":
        """Parse the arguments, or print the help."""
        with _stopping():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: "Context") -> Any:
        """Run the command."""
        with _stopping():
            return super().invoke(ctx)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the list."""
        with formatter.section("Commands"):
            told = {name: (command.help or "").partition("\n\n")[0] for name, command in self.commands.items()}
            formatter.write_dl(list(told.items()))
