"""The one way a line is printed."""

import ast
import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from harness.cli.console import say, say_row
from harness.paths import ROOT

FOREIGN = "/data/[red]set[/red]/:smile:/[/nothing]/a[0]\x1b[31m.jpg"
SHOWN = "/data/[red]set[/red]/:smile:/[/nothing]/a[0].jpg"


def console(width: int, *, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, force_terminal=terminal, color_system=None), out


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_is_neither_markup_nor_a_terminal_s_command(terminal: bool) -> None:
    screen, out = console(200, terminal=terminal)
    say(screen, FOREIGN)
    assert out.getvalue() == SHOWN + "\n"


def test_neither_is_a_cell_of_a_table() -> None:
    screen, out = console(200, terminal=True)
    table = Table("Name", "Value")
    say_row(table, [FOREIGN, "1"])
    screen.print(table)
    assert SHOWN in out.getvalue()


@pytest.mark.parametrize("width", [80, 40])
def test_a_terminal_s_lines_break_between_words_alone(width: int) -> None:
    words = "raw samples, hardware and software of each well-known cell: " + "/long" * 20 + " and more words after it"
    screen, out = console(width, terminal=True)
    say(screen, words)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert " ".join(lines) == words
    assert all(len(line) <= width for line in lines if "/long" not in line)


def test_a_file_s_line_is_one_line() -> None:
    screen, out = console(40, terminal=False)
    say(screen, "word " * 40 + "end")
    assert out.getvalue() == "word " * 40 + "end\n"


@pytest.mark.parametrize("path", sorted((ROOT / "harness").rglob("*.py")), ids=lambda path: path.stem)
def test_no_command_has_a_way_of_its_own_to_print_a_line(path: Path) -> None:
    """A console takes text for markup: it is given what is rendered already, and texts go through say()."""
    if path.name == "terminal.py":
        return
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("print", "status", "add_row"):
            where = f"{path.name}:{call.lineno}"
            texts = [argument for argument in call.args if isinstance(argument, ast.JoinedStr | ast.BinOp)]
            assert not texts, f"{where}: say it, or hand rich what said() makes of it"
