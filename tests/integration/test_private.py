"""A real run's documents say nothing of the person and the machine but what the measurement needs."""

import json
import platform
import re
import shutil
from pathlib import Path

import pytest

from harness.data import shapes
from harness.documents.run_folder import RunFolder
from harness.host import machine, own
from harness.paths import ROOT
from tests.integration.commands import LITE, harness

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

COMMON = ["run", "--image", "local", "--device", "cpu", "--weights", "random", "--threads", "1", "--model", LITE]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A cell of each suite, of a person whose home is a folder of the test's."""
    home = tmp_path_factory.mktemp("home-of-somebody")
    out = home / "runs" / "one"
    shapes.generate(home / "some-shapes", 2, 0)
    suites = ["--suite", "latency,accuracy", "--dataset", home / "some-shapes", "--iterations", "2"]
    done = harness(*COMMON, *suites, "--out", out, variables={"HOME": str(home)})
    assert done.returncode == 0, done.stdout + done.stderr
    return RunFolder(out)


def tells_nothing(path: Path) -> None:
    """Check that a file says neither where on this machine something lies nor whose machine it is."""
    machine_ids = [path.read_text().strip() for path in machine.MACHINE_IDS if path.is_file()]
    telling = ["home-of-somebody", str(ROOT), str(ROOT.resolve()), str(Path.home()) + "/", *filter(None, machine_ids)]
    text = path.read_text(encoding="utf-8")
    assert [word for word in telling if re.search(rf"(?<![\w-]){re.escape(word)}", text)] == [], path
    assert f'"{platform.node()}"' not in text, path


def test_no_document_but_the_plan_says_where_or_who(measured: RunFolder) -> None:
    documents = [path for path in measured.path.rglob("*.json") if path.name != "plan.json"]
    assert {path.name for path in documents} >= {"job.json", "result.json", "execution.json", "scores.json"}
    for path in [*documents, measured.path / "table.md"]:
        tells_nothing(path)
    assert "home-of-somebody" in (measured.path / "plan.json").read_text()


def test_no_table_nor_page_says_where_or_who(measured: RunFolder, tmp_path: Path) -> None:
    """Of a machine without a machine-id, which is called after its run, too."""
    unknown = tmp_path / "home-of-somebody" / "run"
    shutil.copytree(measured.path, unknown)
    for path in unknown.glob("cells/*/execution.json"):
        document = json.loads(path.read_text())
        document["host"]["id"] = None
        path.write_text(json.dumps(document))
    for command in (["merge", measured.path, unknown, "--allow"], ["report", measured.path, unknown]):
        done = harness(*command, "-o", tmp_path / "out")
        assert done.returncode == 0, done.stderr
    written = [path for path in (tmp_path / "out").iterdir() if path.suffix != ".parquet"]
    assert {path.name for path in written} >= {"tidy.csv", "latency.md", "map.csv", "report.html", "report.md"}
    for path in written:
        tells_nothing(path)
    assert "unknown machine of run" in (tmp_path / "out" / "latency.md").read_text()
    assert "--out '…/one'" in (tmp_path / "out" / "report.md").read_text()


def test_each_result_tells_what_made_it_and_what_it_had_of_the_cpus(measured: RunFolder) -> None:
    cells = measured.cells()
    assert {cell.job.suite for cell in cells} == {"latency", "accuracy"}
    for cell in cells:
        assert (cell.result.runner_sha256, cell.result.harness_version) == (own.runner_sha256(), own.version())
        assert cell.result.cpu_supply is not None
        assert cell.result.cpu_supply.steal_cpus is not None
        assert cell.result.hardware is not None
        assert len(cell.result.hardware.usable_cpus or []) == cell.result.hardware.usable_cores
    (latency,) = (cell.result.latency for cell in cells if cell.result.latency)
    assert latency.samples.process_cpu_ms is not None
    assert min(latency.samples.process_cpu_ms) > 0
