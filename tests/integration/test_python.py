"""The Python face in real processes: its documentation as it stands, beside the command line."""

import io
import json
import logging
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from rich.console import Console
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import harness
from harness.host.interruptions import SIGNALS
from harness.paths import ROOT
from tests.command_line import told, told_json
from tests.integration.commands import LITE

DOCS = ROOT / "docs" / "python.md"


@pytest.fixture(scope="module", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder to work in, with the runs in its results."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HARNESS_RESULTS", str(folder / "results"))
        yield folder


@pytest.fixture(scope="module")
def documented(elsewhere: Path) -> dict[str, Any]:
    """What the examples of the documentation leave, run from top to bottom."""
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(DOCS)
    before = of_the_process()
    for example in document.examples():
        example.evaluate()
    assert of_the_process() == before
    return document.namespace


def of_the_process() -> list[object]:
    """Return what belongs to the program that calls, and not to the harness."""
    handlers = [signal.getsignal(each) for each in SIGNALS]
    return [Path.cwd(), *handlers, list(logging.root.handlers), logging.root.level, sys.stdout, list(sys.argv)]


@pytest.mark.torch
def test_the_examples_of_the_docs_run_and_say_what_is_written(documented: dict[str, Any], elsewhere: Path) -> None:
    script = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert script
    assert len([line for line in script[1].splitlines() if line]) <= 10
    assert "<svg" in (elsewhere / "samples.svg").read_text()
    assert documented["run"].path.parent == elsewhere / "results"


@pytest.mark.torch
def test_the_run_is_the_one_that_the_command_line_knows(documented: dict[str, Any], tmp_path: Path) -> None:
    run = documented["run"]
    told("merge", run.path, "-o", tmp_path / "told")
    harness.merge("latest", out=tmp_path / "called")
    for name in ("tidy.parquet", "tidy.csv", "latency.md", "latency.csv", "map.md", "map.csv"):
        assert (tmp_path / "called" / name).read_bytes() == (tmp_path / "told" / name).read_bytes()
    rows = pyarrow.parquet.read_table(tmp_path / "told" / "tidy.parquet").to_pylist()
    frame = documented["frame"]
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == rows
    report = told("report", run.path, "--format", "markdown")
    assert "\n".join(table.markdown() for table in harness.tables(run)) == report
    assert (run.path / "table.md").read_text() == report


@pytest.mark.torch
def test_the_plan_records_the_call(documented: dict[str, Any]) -> None:
    plan = json.loads((documented["run"].path / "plan.json").read_text())
    assert plan["command"] == [
        "harness.run",
        "image=['local']",
        f"models=['{LITE}']",
        "weights='random'",
        "iterations=5",
        "threads=1",
    ]


@pytest.mark.torch
def test_a_run_is_resumed_in_a_thread_and_nothing_is_printed(
    documented: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    resumed: list[harness.Run] = []
    thread = threading.Thread(target=lambda: resumed.append(harness.resume(documented["run"])))
    thread.start()
    thread.join()
    assert resumed[0].fine
    assert resumed[0].cells[0].samples.equals(documented["run"].cells[0].samples)
    assert tuple(capfd.readouterr()) == ("", "")

    console = Console(width=200, file=io.StringIO())
    harness.resume(documented["run"], progress=harness.progress_on(console))
    assert "kept" in console.file.getvalue()  # type: ignore[attr-defined]


class Impatient(harness.Silent):
    """Presses Ctrl-C at the first sentence."""

    def say(self, text: str) -> None:
        raise KeyboardInterrupt


@pytest.mark.torch
def test_an_interruption_names_the_run_to_go_on_with(documented: dict[str, Any]) -> None:
    with pytest.raises(KeyboardInterrupt) as raised:
        harness.resume(documented["run"], progress=Impatient())
    assert isinstance(raised.value, harness.Interrupted)
    assert "can be gone on with" in str(raised.value)
    assert harness.resume(raised.value.folder).fine


@pytest.mark.torch
def test_a_column_is_reproduced_alike(documented: dict[str, Any]) -> None:
    with pytest.raises(harness.BadInput) as told_so:
        told("reproduce", "--from", documented["run"].path, "--column", "epyc")
    with pytest.raises(harness.BadInput) as raised:
        harness.reproduce(from_=documented["run"], column="epyc")
    assert str(raised.value) == str(told_so.value)
    reference = ROOT / "results" / "reference" / "published-2021"
    printed = told_json("reproduce", "--from", reference, "--column", "epyc")
    found = harness.reproduce(from_=reference, column="epyc")
    assert {"run": found.run.name, **asdict(found.document)} == printed  # type: ignore[arg-type]
    assert found.figures.ratio.tolist() == [row["ratio"] for row in printed["latency"]]


def test_a_dry_run_tells_what_the_command_tells(tmp_path: Path) -> None:
    options = ["--image", "local", "--model", LITE, "--weights", "random", "--device", "cpu", "--repeats", "2"]
    told_so = told("run", *options, "--dry-run", "--out", tmp_path / "run")
    dry = harness.run(
        image="local", models=LITE, weights="random", device="cpu", repeats=2, dry_run=True, out=tmp_path / "run"
    )
    assert "\n".join(dry.remarks) == told_so.strip()
    assert dry.planned.repeat.tolist() == [1, 2]
    assert list(tmp_path.iterdir()) == []


def test_this_host_is_what_doctor_says() -> None:
    printed, examined = told_json("doctor"), harness.doctor()
    changing = {"load_1min", "memory_available_bytes", "disk_free_bytes"}
    found = asdict(examined.findings)
    assert {name for name in found if found[name] != printed[name]} <= changing
    assert examined.environments.cpu.tolist() == [line["cpu"] for line in printed["matrix"]]
    assert harness.choose("cpu").environment == told("choose", "--device", "cpu").split()[-1]


def test_a_run_that_is_being_written_is_no_result_yet(elsewhere: Path) -> None:
    from tests.samples import job, ok_result, run_folder

    folder = run_folder(elsewhere / "written", ok_result(job(environment="local")))
    code = (
        "import sys, time; from pathlib import Path; from harness.documents.run_folder import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).locked(): print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, folder.path], cwd=ROOT, stdout=subprocess.PIPE) as writing:
        assert writing.stdout
        writing.stdout.readline()
        calls: list[Callable[[], object]] = [
            lambda: harness.load(folder.path),
            lambda: harness.load(folder.path, allow=True),
            lambda: harness.merge(folder.path, out=elsewhere / "tables"),
            lambda: harness.resume(folder.path),
            lambda: harness.score(run=folder.path),
            lambda: harness.agree(folder.path),
        ]
        for call in calls:
            with pytest.raises(harness.BadInput, match="is being executed by another process; wait for it"):
                call()
        assert len(harness.open_run(folder.path).cells) == 1
        writing.kill()
    assert not (elsewhere / "tables").exists()
    assert len(harness.load(folder.path)) > 1


def test_the_import_loads_nothing_heavy() -> None:
    code = "import sys, harness; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "harness" in loaded
    assert {name for name in loaded if name.startswith("harness")} == {"harness"}
    assert not loaded & {"torch", "pandas", "numpy", "docker", "pydantic", "rich", "typer", "json"}


def test_what_reproduce_would_do_is_what_the_command_tells(tmp_path: Path) -> None:
    """Neither can measure this column here: its GPU is another, or there is none."""
    options = {"column": "gtx1070", "weights": "random", "out": tmp_path / "run"}
    with pytest.raises(harness.CannotRunHere) as told_so:
        told("reproduce", *(part for name, value in options.items() for part in (f"--{name}", value)), "--dry-run")
    with pytest.raises(harness.CannotRunHere) as raised:
        harness.reproduce(**options, dry_run=True)  # type: ignore[arg-type]
    assert (raised.value.reason, raised.value.remedy) == (told_so.value.reason, told_so.value.remedy)
    with pytest.raises(harness.BadInput, match="exists already; choose another --out"):
        harness.reproduce(out=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.docker
def test_images_are_those_of_the_command() -> None:
    printed, frame = told_json("images", "list"), harness.images_list()
    assert frame.environment.tolist() == [row["environment"] for row in printed]
    assert frame.tag.dropna().tolist() == [row["image"]["tag"] for row in printed if row["image"]]
    with pytest.raises(harness.BadInput, match="local is no Docker environment"):
        harness.images_build("local")
    for row in (row for row in printed if row["image"]):
        same = {"base": row["image"]["base"], "build_args": row["image"]["build_args"]}
        (built,) = harness.images_build(row["environment"], **same).to_dict("records")
        assert (built["reused"], built["tag"]) == (True, row["image"]["tag"])
    for row in (row for row in printed if not row["image"]):
        with pytest.raises(harness.CannotRunHere, match=f"the image of {row['environment']} is not built"):
            harness.images_verify(row["environment"])


@pytest.mark.docker
def test_nothing_is_removed_where_nobody_agrees() -> None:
    before = harness.images_list()
    assert not harness.images_prune().removed.any()
    assert harness.images_list().equals(before)
