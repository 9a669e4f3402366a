"""The options of `harness run` that stand in the table of knobs."""

import inspect
from collections.abc import Callable

import typer

from harness.knobs.table import OPTIONS


def with_knobs(before: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have a command take an option for each knob of the table, in its **knobs; they precede the parameter `before`."""

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command)
        named = [each for each in own.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        place = [each.name for each in named].index(before)
        parameters = [*named[:place], *map(_parameter, OPTIONS), *named[place:]]
        command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        return command

    return with_options


def _parameter(name: str) -> inspect.Parameter:
    _, option = OPTIONS[name]
    # A text, since the table parses it: a value is refused in the same words wherever it comes from.
    default = typer.Option(None, metavar=option.metavar, help=option.help, rich_help_panel=option.group)
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=str | None)
