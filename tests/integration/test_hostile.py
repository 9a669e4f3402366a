"""Results come from other people's machines, too: whatever their texts hold, nothing obeys them."""

import csv
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet
import pytest

from harness.documents import Host
from runner.contract import Failure, Job, Result
from tests.integration.commands import fails, harness
from tests.samples import hardware, job, ok_result, run_folder, software

HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "[a](javascript:alert) ![b](http://example.invalid/c.png) `d` | e",
    "terminal": "\x1b[2J\x1b]0;title\x07\r\b\x00overwritten",
    "formula": '=cmd|"/c calc"!A1',
    "plus": "+1+1",
    "tab": "\t=1+1",
    "long": "x" * 200_000,
    "direction": "\u202eevil\u2066",
}


def hostile(of: Job, text: str) -> list[Result]:
    measured = ok_result(
        of,
        warnings=[text],
        remarks=[text],
        hardware=hardware(text),
        software=software(torch=text, packages={text: text}),
    )
    other = replace(of, model=replace(of.model, builder="retinanet_resnet50_fpn"), cell="other")
    failed = ok_result(other, status="failed", latency=None, failure=Failure(text, text, text, "model"))
    return [measured, failed]


@dataclass
class Shown:
    """What the commands make of a run of each text, all of them at once."""

    printed: str
    merged: str
    tables: Path
    page: Path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("hostile")
    runs = [folder / name for name in HOSTILE]
    for run, text in zip(runs, HOSTILE.values(), strict=True):
        of = replace(job(), environment=text)
        run_folder(run, *hostile(of, text), host=Host(text), deviations=[text], pinned=False)
    printed = harness("report", *runs, "--published")
    merged = harness("merge", *runs, "-o", folder / "tables", "--allow")
    page = harness("report", *runs, "--published", "-o", folder / "page")
    for done in (printed, merged, page):
        assert done.returncode == 0, done.stderr
    return Shown(printed.stdout, merged.stdout, folder / "tables", folder / "page")


def test_no_table_obeys_what_a_result_says(shown: Shown) -> None:
    page = (shown.tables / "latency.md").read_text()
    for text in (shown.printed, shown.merged, page):
        assert not [character for character in text if not character.isprintable() and character != "\n"]
        assert len(text) < 50_000
    assert not re.search(r"<script|<img|(?<!\\)\]\(|(?<!\\)`", page)
    rows = pyarrow.parquet.read_table(shown.tables / "tidy.parquet").to_pylist()
    assert {row["environment"] for row in rows} == set(HOSTILE.values())  # kept where nothing interprets it


def test_no_page_obeys_what_a_result_says(shown: Shown) -> None:
    """What a browser makes of the page: test_report_page.py."""
    assert {"report.html", "report.md", "latency.svg"} <= {path.name for path in shown.page.iterdir()}
    for file in shown.page.iterdir():
        page = file.read_text(encoding="utf-8")
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\x1b" not in page
        assert len(page) < 5_000_000


@pytest.mark.parametrize("file", ["tidy.csv", "latency.csv"])
def test_no_spreadsheet_computes_what_a_result_says(shown: Shown, file: str) -> None:
    csv.field_size_limit(1 << 20)  # for the long one
    with (shown.tables / file).open(newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    for name in ("formula", "plus", "tab"):
        assert any(HOSTILE[name].strip()[:4] in cell for cell in cells)
    assert not [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "@")]


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc/cron.d/x", "..", "a/b", "", "a\x00b"])
def test_a_plan_that_points_outside_its_run_is_refused(tmp_path: Path, name: str) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    plan = json.loads((folder.path / "plan.json").read_text())
    plan["cells"][0]["job"]["cell"] = name
    (folder.path / "plan.json").write_text(json.dumps(plan))
    for command in (["report"], ["merge", "-o", tmp_path / "out"], ["run", "--resume"]):
        fails(4, "names a cell", *command, tmp_path / "run")
    assert not (tmp_path / "out").exists()
