"""What a list of commands makes of an interruption: an error that has a sentence, wherever it came."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from harness.cli.group import Group, Stopped
from harness.errors import HarnessError
from harness.host.interruptions import INTERRUPTED
from harness.pipeline import Interrupted

made = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None)
RAISED: dict[str, tuple[BaseException, str]] = {
    "work": (KeyboardInterrupt(), "interrupted."),
    "question": (typer.Abort(), "interrupted."),
    "run": (Interrupted(Path("/a/run"), "run"), "the run run was interrupted, and can be gone on with."),
}


@made.command()
def end(how: str) -> None:
    """End."""
    raise RAISED[how][0]


@made.command()
def ask() -> None:
    """Ask."""
    typer.confirm("is it?")


@pytest.mark.parametrize("how", RAISED)
def test_an_interruption_is_a_sentence(how: str) -> None:
    stopped = CliRunner().invoke(made, ["end", how]).exception
    assert isinstance(stopped, Stopped)
    assert (str(stopped), stopped.exit_code) == (RAISED[how][1], INTERRUPTED)


def test_a_question_that_nobody_answers_is_no_interruption() -> None:
    refused = CliRunner().invoke(made, ["ask"], input="").exception
    assert isinstance(refused, HarnessError)
    assert (str(refused), refused.exit_code) == ("nobody answered.", 1)


def test_what_ends_otherwise_ends_as_ever() -> None:
    assert CliRunner().invoke(made, ["ask"], input="y\n").exit_code == 0
    assert CliRunner().invoke(made, ["unheard"]).exit_code == 2
