"""Tables and help as a person sees them: on a real terminal of a given width, in a file, and as CSV."""

import csv
import io
import re

import pytest

from harness.analysis.naming import hardware_name
from harness.catalogue import environments, models
from harness.documents.run_folder import RunFolder
from harness.paths import ROOT
from tests.integration.commands import harness
from tests.integration.terminals import on_a_terminal
from tests.recordings import words
from tools import write_recording

QUICK = ROOT / "results" / "reference" / "quick-1"
ENVIRONMENTS = ["cuda10.2", "cpu-debian13", "local"]
MACHINE = hardware_name(next(iter(RunFolder(QUICK).cells())).result)
FIGURE = re.compile(r"\d+\.\d\d(?: +±\d+\.\d %)?")
TIMES = "\N{MULTIPLICATION SIGN}"
EIGHT = [model.display for model in models().values() if model.published_2021]


@pytest.fixture(scope="module")
def eighty() -> tuple[list[str], bool]:
    return on_a_terminal(80, "report", QUICK)


def test_eighty_columns_hold_three_environments_of_eight_models_in_one_table(eighty: tuple[list[str], bool]) -> None:
    lines, coloured = eighty
    assert coloured
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if MACHINE in line] == [f"Latency of one image, batch 1: median in ms · {MACHINE}"]
    (head,) = [line for line in lines if line.startswith("Model")]
    assert head.split() == ["Model", *ENVIRONMENTS]
    table = lines[lines.index(head) + 2 : lines.index("", lines.index(head))]
    figures = [FIGURE.findall(line) for line in table]
    assert [len(found) for found in figures if found] == [3] * len(EIGHT)
    assert sum("±" in text for found in figures for text in found) > 20
    names = " ".join(" ".join(FIGURE.sub("", line).split()) for line in table)
    assert names == " ".join(EIGHT)


def test_the_readme_s_recording_is_what_the_program_prints(eighty: tuple[list[str], bool]) -> None:
    lines, _ = eighty
    recorded = words(write_recording.RECORDING.read_text(encoding="utf-8"))
    assert recorded == ["$ harness report reference/quick-1", *lines[:-1]], "record it anew with: make generated"


@pytest.mark.parametrize(("width", "variables"), [(40, {}), (120, {}), (80, {"NO_COLOR": "1"})])
def test_no_width_loses_a_figure(width: int, variables: dict[str, str]) -> None:
    lines, _ = on_a_terminal(width, "report", QUICK, "--published", **variables)
    assert max(map(len, lines)) <= width
    assert len(FIGURE.findall(" ".join(line for line in lines if not line.startswith("- ")))) >= 8 * len(EIGHT)


def test_the_long_form_has_what_the_short_one_leaves_out() -> None:
    lines, _ = on_a_terminal(400, "report", QUICK, "--long")
    head = next(line for line in lines if line.startswith("Model"))
    more = ["detections / image", f"processes {TIMES} iterations", "CPU time ms", "images / s", "M parameters"]
    counting = {name: ["GFLOPs / image"] for name in ENVIRONMENTS if name != "cuda10.2"}  # torch 1.9 counts none
    expected = [[name, *more, *counting.get(name, [])] for name in ENVIRONMENTS]
    assert re.split(r" {2,}", head) == ["Model", *(text for texts in expected for text in texts)]
    in_a_file = harness("report", QUICK).stdout.splitlines()
    assert in_a_file[0] == f"## Latency of one image, batch 1: median in ms · {MACHINE}"
    assert [cell.strip() for cell in in_a_file[2].strip("|").split("|")] == re.split(r" {2,}", head)


def test_csv_keeps_whole_names_and_plain_figures() -> None:
    first, *rows = csv.reader(io.StringIO(harness("report", QUICK, "--format", "csv").stdout))
    names = [f"{name} · {MACHINE} (ms)" for name in ENVIRONMENTS]
    assert first == ["Model", *(text for name in names for text in (name, "detections / image"))]
    assert len([float(figure) for row in rows for figure in row[1:]]) == 6 * len(EIGHT)


@pytest.mark.parametrize("width", [40, 80])
def test_lists_fit_and_lose_nothing(width: int) -> None:
    for command, names in (("models", models()), ("data list", models()), ("doctor", environments())):
        lines, _ = on_a_terminal(width, *command.split())
        assert max(map(len, lines)) <= width, command
        assert not [line for line in lines if "…" in line]
        if width == 80:
            assert set(names) <= {line.split()[0] for line in lines if line}


def test_the_help_of_run_is_grouped_and_plain() -> None:
    lines, coloured = on_a_terminal(80, "run", "--help")
    assert not coloured
    headings = [line for line in lines if re.fullmatch(r"\w+:", line)]
    assert headings == ["What:", "Where:", "Latency:", "Accuracy:", "Limits:", "Output:", "Examples:"]
    assert sum(line.startswith("  harness run ") for line in lines) == 3
    assert max(map(len, lines)) <= 80
