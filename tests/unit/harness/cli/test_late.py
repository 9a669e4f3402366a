"""Commands that are imported when they are called: the list says of each what its own help says."""

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from harness.cli.late import LateCommand, add_late
from harness.cli.listed import COMMANDS, app

LISTED = typer.main.get_command(app)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_in_the_words_of_its_own_help(name: str) -> None:
    assert isinstance(LISTED, TyperGroup)
    command = LISTED.commands[name]
    assert isinstance(command, LateCommand)
    whole = command.whole()
    assert whole.name == name or isinstance(whole, TyperGroup)
    assert (whole.help or "").partition("\n\n")[0] == command.help


@pytest.mark.parametrize("group", [[], ["images"], ["data"], ["published"]])
def test_a_list_says_all_of_what_each_command_is_for(group: list[str]) -> None:
    listed = LISTED
    if group:
        assert isinstance(LISTED, TyperGroup)
        late = LISTED.commands[group[0]]
        assert isinstance(late, LateCommand)
        listed = late.whole()
    assert isinstance(listed, TyperGroup)
    printed = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"}, terminal_width=80).output
    assert max(map(len, printed.splitlines())) <= 80
    told = " ".join(printed.split())
    for name, command in listed.commands.items():
        assert f" {name} {command.help}" in told


def test_a_command_of_a_group_is_called_by_both_names_and_told_by_both() -> None:
    listed = CliRunner().invoke(app, ["data"]).output
    assert "Usage: root data [OPTIONS] COMMAND" in listed
    assert "fetch " in listed
    lacking = CliRunner().invoke(app, ["data", "fetch"])
    assert lacking.exit_code == 2
    assert "Usage: root data fetch [OPTIONS]" in lacking.output


def test_a_function_is_made_a_command_with_its_options() -> None:
    made = typer.Typer(add_completion=False, rich_markup_mode=None)
    add_late(made, "say", "Say it.", f"{__name__}:say")
    add_late(made, "other", "Another, since one alone is no group.", f"{__name__}:say")
    assert "--times" not in CliRunner().invoke(made, ["--help"]).output
    assert "--times" in CliRunner().invoke(made, ["say", "--help"]).output
    assert CliRunner().invoke(made, ["say", "--times", "2"]).output == "saidsaid\n"
    assert CliRunner().invoke(made, ["say", "--tims", "2"]).exit_code == 2


def say(times: int = 1) -> None:
    """Say it."""
    print("said" * times)
