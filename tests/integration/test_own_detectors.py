"""Detectors of people's own: measured in two stacks, gated, merged, shown; and what is said of those that are none."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.paths import ROOT
from harness.plan import own
from runner.contract.code import folder_sha256
from tests.integration.commands import fails, harness

OWN = ROOT / "tests" / "data" / "own_detector"
FINDER = "shades.finder:build"
ACCURACY = ("--suite", "latency,accuracy", "--dataset", "shapes", "--limit", "6", "--iterations", "3", "--threads", "1")

pytestmark = [pytest.mark.torch]


@pytest.fixture(scope="module")
def run(cuda102: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One detector in two stacks, from a copy of its folder, whose compiled code is old and whose repository is new."""
    place = tmp_path_factory.mktemp("own")
    shutil.copytree(OWN, place / "code", ignore=shutil.ignore_patterns("__pycache__"))
    (place / "code" / ".git").mkdir()
    done = harness(
        *("run", "--image", f"{cuda102},local", "--model", FINDER, "--code", place / "code", *ACCURACY),
        *("--out", place / "run"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{FINDER}: the weights are those that its function gives it" in done.stdout
    return place / "run"


def results(run: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(path.read_text()) for path in sorted(run.glob("cells/*/result.json")))


@pytest.mark.docker
def test_both_stacks_measure_the_same_detector(run: Path) -> None:
    found = list(results(run))
    assert [result["status"] for result in found] == ["ok"] * 4
    assert len({result["weights_sha256"] for result in found}) == 1
    assert {result["software"]["torch"].partition("+")[0] for result in found} > {"1.9.0"}
    for result in found:
        assert result["makes"] == ["boxes"]
        code = result["job"]["model"]["code"]
        assert (code["module"], code["function"]) == ("shades.finder", "build")
        assert code["sha256"] == folder_sha256(run.parent / "code")
    assert all("what own code prints" in path.read_text() for path in run.glob("cells/*/log.txt"))
    assert not list((run.parent / "code").rglob("__pycache__"))


@pytest.mark.docker
def test_they_are_gated_and_shown_beside_one_another(run: Path) -> None:
    table = (run / "table.md").read_text()
    sha256 = folder_sha256(run.parent / "code")
    assert f"- {FINDER}: no model of torchvision's, but own code, {sha256[:12]}" in table
    (agreed,) = (json.loads(path.read_text()) for path in run.glob("cells/*/agreement.json"))
    assert agreed["verdict"] in ("identical", "equal")
    assert agreed["detections_other"] == 6 * 16
    assert "detects as cuda10.2?" in table
    assert f"| {FINDER}, float" in table


@pytest.mark.docker
def test_they_are_merged_and_on_a_page(run: Path, tmp_path: Path) -> None:
    merged = harness("merge", run, "-o", tmp_path / "tables", "--published")
    assert merged.returncode == 0, merged.stderr
    sha256 = folder_sha256(run.parent / "code")
    assert f",{FINDER}@{sha256[:12]}," in (tmp_path / "tables" / "tidy.csv").read_text()
    assert FINDER in (tmp_path / "tables" / "latency.md").read_text()
    report = harness("report", run, "-o", tmp_path / "page")
    assert report.returncode == 0, report.stderr
    assert f"{FINDER} is fastest in " in (tmp_path / "page" / "report.md").read_text()


@pytest.mark.docker
def test_it_goes_on_with_the_same_code_alone(run: Path) -> None:
    kept = harness("run", "--resume", run)
    assert kept.returncode == 0
    assert kept.stdout.count(", kept") == 4
    grid = run.parent / "code" / "shades" / "grid.py"
    before = grid.read_text()
    try:
        grid.write_text(before + "# another\n")
        fails(2, "changed after the run was planned; restore it, or start a new run.", "run", "--resume", run)
        with pytest.raises(BadInput):
            own.require_unchanged(RunFolder(run).plan)
    finally:
        grid.write_text(before)


@pytest.mark.usefixtures("lean_torch")
def test_one_that_is_none_takes_no_other_along(tmp_path: Path) -> None:
    wrong = {
        "Nan": "failed, broken:Nan returned for airplane.jpg scores with NaN among them; return a list",
        "Exits": "failed, broken:Exits called sys.exit(0) in broken.py, line 25; mend it",
        "Ends": "crashed, the process of broken:Ends ended with exit code 0 and left no result; read log.txt",
    }
    names = [text for name in [*wrong, "Wanders"] for text in ("--model", f"broken:{name}")]
    done = harness("run", "--image", "local", *names, "--code", OWN, "--iterations", "2", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    table = (tmp_path / "run" / "table.md").read_text()
    for name, sentence in wrong.items():
        assert f": broken:{name}: {sentence}" in table
    (measured,) = (result for result in results(tmp_path / "run") if result["status"] == "ok")
    assert measured["job"]["model"]["code"]["function"] == "Wanders"
    assert measured["software"]["numerics"]["cudnn_benchmark"] == "False", "the protocol's switches were not restored"
    (log,) = (tmp_path / "run" / "cells").glob("*Wanders*/log.txt")
    assert '{"event": "iteration", "phase": 3}' in log.read_text()


def test_what_can_be_told_before_anything_runs(tmp_path: Path) -> None:
    fails(2, "nothing says where the code of a:b is; name its folder with --code DIR.", "run", "--model", "a:b")
    fails(2, "has no module shade.finder; did you mean", "run", "--model", "shade.finder:build", "--code", OWN)
    assert not list(tmp_path.iterdir())
