"""The Python face as `import harness` gives it: every name there, every command and option among them."""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import harness
from harness.cli.late import LateCommand
from harness.cli.listed import app
from harness.errors import BadInput

#: Commands that have another name in Python, since harness.report is a room of the package: the others keep theirs.
OTHERWISE = {"report": ["tables", "page", "gallery"], "version": ["__version__"]}
#: Options that are no keywords: how the command prints, and what is a function of its own or another argument.
NO_KEYWORDS = {"json", "format", "long", "help", "markdown"}
ELSEWHERE = {"run": {"resume"}, "report": {"out", "gallery"}, "merge": {"out"}, "compare": {"fail_on_ambiguous"}}
#: The rule of docs/python.md: an option that may be given again is a list, by its plural.
PLURALS = {"model": "models", "build-arg": "build_args"}
RESERVED = {"from": "from_", "try": "try_"}


def commands(group: Any = None, above: str = "") -> dict[str, Any]:
    """Return every command by its function's name."""
    found: dict[str, Any] = {}
    listed: Any = group or typer.main.get_command(app)
    for name, command in listed.commands.items():
        command = command.whole() if isinstance(command, LateCommand) else command
        inner = getattr(command, "commands", None)
        found |= commands(command, f"{above}{name}_") if inner else {above + name: command}
    return found


def options(command: Any) -> dict[str, object]:
    """Return the default of each option by its keyword."""
    found = {}
    for option in (each for each in command.params if each.param_type_name == "option"):
        name = max(option.opts, key=len).removeprefix("--")
        if name not in NO_KEYWORDS:
            keyword = PLURALS.get(name) if option.multiple else RESERVED.get(name)
            found[keyword or name.replace("-", "_")] = option.default
    return found


def keywords(function: str) -> dict[str, object]:
    return {name: each.default for name, each in inspect.signature(getattr(harness, function)).parameters.items()}


@pytest.mark.parametrize("name", commands())
def test_a_command_is_a_function_with_the_same_options(name: str) -> None:
    functions = OTHERWISE.get(name, [name])
    assert all(hasattr(harness, function) for function in functions)
    if name == "version":
        return
    own = {key: value for each in functions for key, value in keywords(each).items()}
    for option, default in options(commands()[name]).items():
        if option in ELSEWHERE.get(name, ()):
            continue
        assert option in own, f"harness {name}: {option}"
        needed = inspect.Parameter.empty if default is None else default  # what has to be named has no default
        assert own[option] in (default, needed, *((), {}) * (not default)), f"harness {name}: {option}"


def test_the_names_are_those_that_types_are_checked_by() -> None:
    tree = ast.parse(Path(str(harness.__file__)).read_text(encoding="utf-8"))
    checked, unchecked = (node for node in tree.body if isinstance(node, ast.If))
    seen: dict[str, list[str]] = {}
    for node in checked.body:
        assert isinstance(node, ast.ImportFrom)
        assert node.module
        seen.setdefault(node.module, []).extend(str(alias.asname) for alias in node.names)
    assert seen == harness.PLACES
    # Where a checker saw this, any name would be one of harness's.
    assert [node.name for node in unchecked.body if isinstance(node, ast.FunctionDef)] == ["__getattr__"]


@pytest.mark.parametrize("name", [name for names in harness.PLACES.values() for name in names])
def test_each_name_is_there_and_hides_no_module(name: str) -> None:
    assert getattr(harness, name).__name__ == name
    assert name in dir(harness)
    with pytest.raises(ModuleNotFoundError):
        import_module(f"harness.{name}")


def test_a_public_function_says_what_it_does_and_hands_out_what_it_documents() -> None:
    for place, names in harness.PLACES.items():
        for name in names:
            assert inspect.getdoc(getattr(harness, name)), f"{place}.{name}"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'measure'"):
        getattr(harness, "measure")  # noqa: B009 -- mypy knows that it is not there
    assert harness.BadInput is BadInput
