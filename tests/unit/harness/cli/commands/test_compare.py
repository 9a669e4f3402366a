"""What `harness compare` prints and how it ends, and that Python answers the same."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

import harness
from harness import comparing
from harness.cli.late import LateCommand
from harness.cli.listed import app
from harness.comparing import settling
from harness.comparing.settling import Settled
from harness.documents import schema
from harness.documents.comparison import Comparison
from harness.documents.files import parsed
from harness.documents.run_folder import RunFolder
from harness.paths import ROOT
from harness.pipeline import Interrupted
from harness.progress import Silent
from tests.command_line import told, told_json
from tests.unit.harness.sides import OTHER, ROUNDS, process, side, write

NEWER = "cpu-debian13"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which one model is slower in the newer environment beside a busy neighbour, another as fast."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    slower = side(environment=NEWER, by=1.3, load=1.4)
    write(folder, *side(load=0.0), *slower, *side(model=OTHER), *side(model=OTHER, environment=NEWER))
    return folder


def sides(run: Path) -> tuple[str, str]:
    return f"{run}:cuda10.2", f"{run}:{NEWER}"


def test_the_disturbance_is_told_before_any_verdict(run: Path) -> None:
    printed = told("compare", *sides(run))
    assert 0 < printed.index("disturbed, CPUs that other work kept busy: 0.00 beside A, 1.40") < printed.index("slower")
    assert "B beside A by wall time, within 3 %: 1 slower, 1 equivalent" in printed


def test_it_fits_a_terminal_of_eighty_columns(run: Path) -> None:
    printed = CliRunner().invoke(app, ["compare", *sides(run)], env={"COLUMNS": "80"}).stdout
    table = printed[printed.index("Not alike") : printed.index("- B / A with")]
    assert max(map(len, table.splitlines())) <= 80


def test_instructions_stand_beside_where_they_are_known(run: Path, tmp_path: Path) -> None:
    write(tmp_path / "run", *side(instructions=4_000_000), *side(environment=NEWER, instructions=5_000_000))
    assert "by instructions" in told("compare", *sides(tmp_path / "run"))
    found = harness.compare(*sides(tmp_path / "run"), out=tmp_path / "page")
    assert found.models.clock.tolist() == ["wall", "cpu", "instructions"]
    assert "1.250 slower" in (tmp_path / "page" / "comparison.svg").read_text()
    assert "instructions" not in told("compare", *sides(run))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-on", "10%"], 1),
        (["--fail-on", "50%"], 0),
        (["--fail-on-ambiguous"], 0),
        (["--margin", "0%", "--fail-on-ambiguous"], 6),
        (["--margin", "0%", "--fail-on-ambiguous", "--fail-on", "10%"], 1),
    ],
)
def test_the_exit_code(run: Path, options: list[str], code: int) -> None:
    told("compare", *sides(run), *options, exit_code=code)


def test_json_is_the_document_that_its_schema_describes(run: Path) -> None:
    printed = told_json("compare", *sides(run), "--fail-on", "10%", "--on", "both", exit_code=1)
    document = parsed(Comparison, "comparison", json.dumps(printed).encode())
    assert document.schema_version == printed["schema_version"]
    assert set(printed) == set(schema(Comparison)["properties"])
    assert str(run.parent) not in json.dumps(printed)  # nor is any place on this machine


def test_python_answers_what_is_printed(run: Path, tmp_path: Path) -> None:
    found = harness.compare(*sides(run), fail_on="10%", out=tmp_path / "page")
    printed = told_json("compare", *sides(run), "--fail-on", "10%", exit_code=1)
    assert found.fails is printed["fails"] is True
    rows = found.models.set_index(["model", "clock"])
    for each in printed["models"]:
        for clock in ("wall", "cpu"):
            row = rows.loc[(each["model"], clock)]
            assert {name: row[name] for name in ("ratio", "low", "verdict")} == {
                name: each[clock][name] for name in ("ratio", "low", "verdict")
            }
    assert found.markdown() == told("compare", *sides(run), "--markdown", "--fail-on", "10%", exit_code=1)
    assert "CPUs that other work kept busy" in repr(found)
    assert "<table" in found._repr_html_()
    assert list(found.over_models.clock) == ["wall", "cpu"]


def test_the_page_begins_with_the_comparison(run: Path, tmp_path: Path) -> None:
    told("compare", *sides(run), "-o", tmp_path)
    page, drawn = (tmp_path / "report.html").read_text(), (tmp_path / "comparison.svg").read_text()
    assert page.index("1 slower, 1 equivalent") < page.index("Not alike")
    assert drawn.count("slower</text>") == 4  # the model and the mean, by each clock
    text = (tmp_path / "report.md").read_text()
    assert text.index("comparison.svg") < text.index("latency.svg")


def test_an_image_is_named_by_its_tag_behind_its_environment(tmp_path: Path) -> None:
    base, head = f"{NEWER}:0.1-1a2b", f"{NEWER}:0.1-3c4d"
    write(tmp_path / "run", *side(environment=base), *side(environment=head, by=1.3), *side(environment=NEWER))
    printed = told("compare", f"{tmp_path}/run:{base}", f"{tmp_path}/run:{head}")
    assert f"A: run, {base} · B: run, {head}" in printed
    assert re.search(rf"environment +{base} +{head}", printed)
    assert "1 slower" in printed
    found = told_json("compare", f"{tmp_path}/run:{NEWER}", f"{tmp_path}/run@threads=2:{head}")
    assert (found["a"]["environment"], found["b"]["environment"]) == (NEWER, head)
    with pytest.raises(harness.BadInput, match=f"there is no environment '{NEWER}:0.1' in the run .*; it has {base}, "):
        told("compare", f"{tmp_path}/run:{NEWER}:0.1", f"{tmp_path}/run:{head}")


def test_two_forms_at_once_are_refused(run: Path) -> None:
    with pytest.raises(harness.BadInput, match="choose one"):
        told("compare", *sides(run), "--json", "--markdown")
    with pytest.raises(harness.BadInput, match="add --settle"):
        told("compare", *sides(run), "--max-time", "10m")
    with pytest.raises(harness.BadInput, match="write the --max-time such as"):
        told("compare", *sides(run), "--settle", "--max-time", "soon")


def test_more_repeats_are_offered_where_one_is_ambiguous(tmp_path: Path) -> None:
    noisy = [
        process(ms * by, n, environment=NEWER)
        for n, (ms, by) in enumerate(zip(ROUNDS, (1, 1.1, 1, 1.2, 1), strict=True), 1)
    ]
    write(tmp_path / "run", *side(), *noisy)
    printed = told("compare", *sides(tmp_path / "run"))
    assert "more repeats a side would settle it" in printed
    assert "1 ambiguous" in printed
    ran = CliRunner().invoke(app, ["compare", *sides(tmp_path / "run")], env={"COLUMNS": "300"})
    assert "--settle --max-time 10m" in ran.output
    write(
        tmp_path / "later", *[process(ms * by, n, begun="09:00") for n, (ms, by) in enumerate(((9, 1), (11, 1.2)), 1)]
    )
    ran = CliRunner().invoke(app, ["compare", str(tmp_path / "later"), f"{tmp_path}/run:cuda10.2"])
    assert "with a higher --repeats" in ran.output


def test_a_clock_that_is_not_known_has_no_column_and_no_repeats_are_offered_for_it(tmp_path: Path) -> None:
    write(tmp_path / "run", *side(cpu=None), *side(environment=NEWER, cpu=None))
    ran = CliRunner().invoke(app, ["compare", *sides(tmp_path / "run"), "--on", "cpu"], env={"COLUMNS": "200"})
    assert "by CPU time, within 3 %: 1 unknown" in ran.output
    assert "no CPU time, its runner did not record CPU time" in ran.output
    assert "B / A CPU time" not in ran.output
    assert "more repeats" not in ran.output


def test_an_interruption_of_settling_ends_with_what_was_found(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = comparing.asked("3%", None, "wall", allow=False)
    found = comparing.compared(*sides(run), asked, Silent())
    done = Settled(found, RunFolder(run), Interrupted(run, "run"))
    monkeypatch.setattr(settling, "settled", lambda *_: done)
    assert "1 slower, 1 equivalent" in told("compare", *sides(run), "--settle", exit_code=130)
    with pytest.raises(KeyboardInterrupt):
        harness.compare(*sides(run), settle=True)


def test_the_workflow_of_the_docs_is_one_and_its_commands_are_the_harness_s() -> None:
    text = (ROOT / "docs" / "comparing.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    workflow = yaml.safe_load(block)
    assert set(workflow) == {"name", True, "jobs"}  # YAML 1.1 takes `on` for a truth
    of_job = workflow["jobs"]["compare"]
    steps, measure = of_job["steps"], of_job["env"]["MEASURE"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    scripts = "\n".join(step.get("run", "") for step in steps).replace("$MEASURE", measure)
    commands = re.findall(r"harness\" ((?:images )?[a-z]+)( [^|&\n]*)", scripts)
    assert [name for name, _ in commands] == ["images build"] * 2 + ["run"] * 2 + ["compare"]
    for name, arguments in commands:
        command: Any = typer.main.get_command(app)
        for part in name.split():
            command = command.commands[part]
            command = command.whole() if isinstance(command, LateCommand) else command
        parser = command.make_parser(typer.Context(command, info_name=name))
        parser.parse_args(shlex.split(arguments))  # raises for an unknown option
