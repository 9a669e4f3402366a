"""The help of `harness run`: every option in one group, and examples that it takes."""

import re
import shlex

import pytest
import typer.main
from typer.core import TyperCommand

from harness.cli.grouped import EXAMPLES, GROUP_OF, GROUPS
from harness.cli.measuring import run_app


@pytest.fixture
def run() -> TyperCommand:
    command = typer.main.get_command(run_app)
    assert isinstance(command, TyperCommand)
    return command


def sections(command: TyperCommand) -> dict[str, list[str]]:
    """Return the lines of the help by heading."""
    _, *parts = re.split(r"^(\w+):\n", command.get_help(typer.Context(command)), flags=re.MULTILINE)
    return {heading: body.split("\n") for heading, body in zip(parts[::2], map(_dedented, parts[1::2]), strict=True)}


def _dedented(body: str) -> str:
    return "\n".join(line.strip() for line in body.splitlines() if line)


def test_every_option_stands_in_one_group(run: TyperCommand) -> None:
    shown = sections(run)
    assert list(shown) == [*(group.capitalize() for group in GROUPS), "Examples"]
    lines = [line for group in list(shown)[:-1] for line in shown[group]]
    named = [found[1] for line in lines if (found := re.match(r"(?:-\w, )?(--\S+)", line))]
    assert sorted(named) == sorted(max(option.opts, key=len) for option in run.get_params(typer.Context(run)))


def test_knobs_stand_in_the_groups_of_their_table(run: TyperCommand) -> None:
    shown = sections(run)
    assert any(line.startswith("--threads ") for line in shown["Where"])
    assert any(line.startswith("--iterations ") for line in shown["Latency"])
    assert any(line.startswith("--reader ") for line in shown["Accuracy"])


def test_an_option_of_no_group_is_shown_all_the_same(run: TyperCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(GROUP_OF, "dry_run")
    assert sections(run)["Other"] == ["--dry-run                       Show the plan only."]


@pytest.mark.parametrize("example", EXAMPLES.values())
def test_an_example_is_taken(run: TyperCommand, example: str) -> None:
    program, command, *arguments = shlex.split(example)
    assert (program, command) == ("harness", "run")
    given = run.make_context("run", arguments).params
    assert given["resume"] is None
    assert given["model"] or given["published_models"] or given["all_models"]
    assert given["dataset"] or given["suite"] == "latency"


def test_there_are_three_examples_that_a_terminal_shows_in_a_line(run: TyperCommand) -> None:
    lines = sections(run)["Examples"]
    assert len(lines) == 2 * len(EXAMPLES) == 6
    assert max(map(len, lines)) < 78
