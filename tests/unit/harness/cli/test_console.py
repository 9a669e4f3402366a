"""The one way a line is printed."""

import ast
import io

import pytest
from rich.console import Console

from harness.cli.console import print_table, say
from harness.paths import ROOT
from harness.report.table import Column, Form, Table
from harness.text import GAP

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
    assert SHOWN in "\n".join(printed(Table("", Column("Name", [FOREIGN]), [[Column("Value", ["1"])]]), 200))


def printed(table: Table, width: int, form: Form = Form.SHORT) -> list[str]:
    screen, out = console(width, terminal=True)
    print_table(screen, table, form)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_list_without_a_title_stands_close() -> None:
    names, sizes = Column("Name", ["a", "b"]), Column("Size", ["1 GB", "12 GB"])
    here = Column("Here", ["yes", "no"], "names")
    assert printed(Table("", names, [[sizes], [here]]), 80) == [
        "Name   Size  Here",
        "─────────────────",
        "a      1 GB  yes",
        "b     12 GB  no",
    ]


def test_words_break_on_a_narrow_terminal_and_figures_never_do() -> None:
    why = Column("CPU", ["can't run: neither its image nor its base is here", "runs"], "words")
    listed = Table("", Column("Environment", ["cpu", "local"]), [[Column("Image", ["not built", GAP], "names")], [why]])
    lines = printed(listed, 48)
    assert max(map(len, lines)) <= 48
    assert lines[2].split()[:3] == ["cpu", "not", "built"]  # beside the first line of what is broken
    assert " ".join(" ".join(lines[2:]).split()) == (
        f"cpu not built can't run: neither its image nor its base is here local {GAP} runs"
    )


def test_a_name_that_leaves_no_room_is_broken_rather_than_its_figures() -> None:
    lines = printed(Table("", Column("Name", ["x" * 36]), [[Column("On disk", ["1068 MB"])]]), 40)
    assert any(line.endswith("1068 MB") for line in lines)
    assert "".join(lines).count("x") == 36


@pytest.mark.parametrize(("width", "lines"), [(100, 1), (60, 2), (30, 3)])
def test_headings_take_no_more_lines_than_they_must(width: int, lines: int) -> None:
    figures = [Column(f"cuda1{n}.2 · AMD EPYC, 2 cores", ["1.00"]) for n in range(2)]
    head = printed(Table("", Column("Model", ["SSD300 VGG16"]), [figures]), width)
    assert [line.startswith("──") for line in head].index(True) == lines


def test_the_short_form_leaves_out_what_the_long_one_has() -> None:
    columns = [Column("ms", ["1.00"]), Column("images / s", ["1000"], forms=frozenset({Form.LONG, Form.CSV}))]
    table = Table("T", Column("Model", ["SSD"]), [columns], ["note"], "ms, one machine")
    assert printed(table, 80)[:4] == ["", "T: ms, one machine", "", "Model    ms"]
    assert printed(table, 80, Form.LONG)[3] == "Model    ms  images / s"
    assert printed(table, 80)[-2:] == ["", "- note"]


@pytest.mark.parametrize("width", [80, 40])
def test_a_terminal_s_lines_break_between_words_alone(width: int) -> None:
    words = "raw samples, hardware and software of each well-known cell: " + "/long" * 20 + " and more words after it"
    screen, out = console(width, terminal=True)
    say(screen, words)
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert " ".join(lines) == words
    assert all(len(line) <= width for line in lines if "/long" not in line)


def test_so_do_what_stands_above_and_below_a_table() -> None:
    path = "/long" * 20
    table = Table(f"of {path} and", Column("Model", ["SSD"]), [[Column("ms", ["1"])]], [f"a note on {path} and more"])
    lines = printed(table, 80)
    assert lines[1:4] == ["of", path, "and"]
    assert lines[-3:] == ["- a note on", path, "and more"]


def test_a_file_s_line_is_one_line() -> None:
    screen, out = console(40, terminal=False)
    say(screen, "word " * 40 + "end")
    assert out.getvalue() == "word " * 40 + "end\n"


def test_no_command_has_a_way_of_its_own_to_print_a_line() -> None:
    """A console takes text for markup: it is given what is rendered already, and texts go through say()."""
    sources = [path for path in (ROOT / "harness").rglob("*.py") if path.name != "terminal.py"]
    for path, call in ((source, node) for source in sources for node in ast.walk(ast.parse(source.read_text()))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr in ("print", "status", "add_row"):
            texts = [argument for argument in call.args if isinstance(argument, ast.JoinedStr | ast.BinOp)]
            assert not texts, f"{path}:{call.lineno}: say it, or hand rich what said() makes of it"
