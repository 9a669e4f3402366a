"""What a caller hands in: checked against what a function says that it takes, and recorded as a plan keeps it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ParamSpec, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy
from pydantic import BeforeValidator, ConfigDict, Field, InstanceOf, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from harness.api.run import Run
from harness.documents.plan import call
from harness.errors import BadInput, unknown
from harness.knobs.table import OPTIONS
from harness.progress import Progress
from harness.text import printable

P = ParamSpec("P")
R = TypeVar("R")


def _plain(value: object) -> object:
    """Return a scalar of NumPy's as Python's own: only those can be written into a document."""
    return value.item() if isinstance(value, numpy.generic) else value


Count = Annotated[int, Field(ge=1, description="a whole number from 1 on"), BeforeValidator(_plain)]
Size = Annotated[float, Field(ge=0, allow_inf_nan=False, description="a number from 0 on"), BeforeValidator(_plain)]
Minutes = Annotated[
    float, Field(gt=0, allow_inf_nan=False, description="a number of minutes above 0"), BeforeValidator(_plain)
]
Number = Annotated[float, Field(description="a number"), BeforeValidator(_plain)]
Text = Annotated[str, Field(description="a text")]
Flag = Annotated[bool, Field(description="True or False")]
Names = Annotated[str | Sequence[str], Field(description="a name or a list of names")]
Where = Annotated[str | Path, Field(description="a path")]
Pairs = Annotated[Mapping[str, str], Field(description="a dict of texts")]
RunName = Annotated[
    str | Path | InstanceOf[Run], Field(description="a run's ID, its folder, or what harness.run returned")
]
Telling = Annotated[InstanceOf[Progress], Field(description="a harness.progress.Progress, such as Silent()")]

#: What a knob takes, the table of knobs says.
Knob = float | str | None
VAR_KEYWORD = inspect.Parameter.VAR_KEYWORD
STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Have a function raise BadInput, with what it takes, where an argument is of another type or out of its range.

    One that takes **knobs shows a keyword for each of the table of knobs, which says itself what values they have.
    """
    signature, plain = inspect.signature(function), cast("Callable[..., R]", function)
    shown = _shown(signature, get_type_hints(function))

    @wraps(function)
    def checking(*positional: P.args, **named: P.kwargs) -> R:
        bound = signature.bind(*positional, **named)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _argument(signature.parameters[name], value, _kinds(function)[name], shown)
        return plain(*bound.args, **bound.kwargs)

    checking.__signature__ = shown  # type: ignore[attr-defined]
    return checking


def _shown(own: inspect.Signature, types: Mapping[str, Any]) -> inspect.Signature:
    """Return the signature as people read it: with the plain types, and the knobs by name where it takes them."""
    plain = [each.replace(annotation=types[name]) for name, each in own.parameters.items()]
    named = [each for each in plain if each.kind is not VAR_KEYWORD]
    if len(named) < len(plain):
        keyword_only = inspect.Parameter.KEYWORD_ONLY
        named += [inspect.Parameter(name, keyword_only, default=None, annotation=Knob) for name in OPTIONS]
    return own.replace(parameters=named)


def _argument(parameter: inspect.Parameter, value: Any, kind: Any, shown: inspect.Signature) -> Any:
    """Return what was given for a parameter as its kind has it. Raises BadInput."""
    if parameter.kind is VAR_KEYWORD:
        for name in value:
            if name not in OPTIONS:
                raise unknown("keyword", name, shown.parameters)
        return value
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return tuple(_taken(parameter.name, each, kind) for each in value)
    return _taken(parameter.name, value, kind)


@cache
def _kinds(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function, include_extras=True)


def _taken(name: str, value: object, kind: Any) -> Any:
    """Return the value as the kind has it. Raises BadInput."""
    try:
        return TypeAdapter(kind, config=STRICT).validate_python(value)
    except ValidationError:
        shown = " ".join(printable(repr(value)).split())
        raise BadInput(f"{name} can't be {shown:.80}", f"give {_words(kind)}") from None


def _words(kind: Any) -> str:
    """Return what a kind takes, in words."""
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(map(_words, get_args(kind)))
    if kind is NoneType:
        return "None"
    return next(str(each.description) for each in kind.__metadata__ if isinstance(each, FieldInfo))


def names_of(given: str | Sequence[str]) -> list[str]:
    """Return names that are given as a list, or as one text."""
    return [given] if isinstance(given, str) else list(given)


def parts_of(given: str | Sequence[str]) -> list[str]:
    """Return names that are given as a list, or as one text with commas between them, as an option takes them."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


def path_of(given: str | Path | None) -> Path | None:
    """Return the path, if one is given."""
    return None if given is None else Path(given)


def run_name(given: str | Path | Run) -> str:
    """Return what the command line would call a run. Raises BadInput for a dry run, which left nothing."""
    if not isinstance(given, Run):
        return str(given)
    if given.path is None:
        raise BadInput("a dry run has no results", "run it without dry_run")
    return str(given.path)


def recorded(function: Callable[..., object], values: Mapping[str, Any]) -> list[str]:
    """Return how a plan records the call of a function: what is not its default, but for the progress."""
    parameters, given = inspect.signature(function).parameters, {**values, **values.get("knobs", {})}
    named = {name: given[name] for name in parameters if name in given and name != "progress"}
    changed = {name: value for name, value in named.items() if value != parameters[name].default}
    told = {name: str(value) if isinstance(value, Path) else value for name, value in changed.items()}
    return call(cast("Any", function).__name__, told)
