"""Results come from other people's machines, too: whatever their texts hold, nothing obeys them."""

import csv
import json
import re
from dataclasses import replace
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
        hardware=hardware(text),
        software=software(torch=text, packages={text: text}),
    )
    other = replace(of, model=replace(of.model, builder="retinanet_resnet50_fpn"), cell="other")
    failed = ok_result(other, status="failed", latency=None, failure=Failure(text, text, text, "model"))
    return [measured, failed]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_table_obeys_what_a_result_says(tmp_path: Path, text: str) -> None:
    of = replace(job(), environment=text)
    run_folder(tmp_path / "run", *hostile(of, text), host=Host(text), deviations=[text], pinned=False)
    printed = harness("report", tmp_path / "run", "--published")
    assert printed.returncode == 0, printed.stderr
    done = harness("merge", tmp_path / "run", "-o", tmp_path / "out", "--allow")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "latency.md").read_text()
    for shown in (printed.stdout, done.stdout, page):
        assert not [character for character in shown if not character.isprintable() and character != "\n"]
        assert len(shown) < 50_000
    assert not re.search(r"<script|<img|(?<!\\)\]\(|(?<!\\)`", page)
    rows = pyarrow.parquet.read_table(tmp_path / "out" / "tidy.parquet").to_pylist()
    assert rows[0]["environment"] == text  # kept as it is where nothing interprets it


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_page_obeys_what_a_result_says(tmp_path: Path, text: str) -> None:
    """What a browser makes of the page: test_report_page.py."""
    of = replace(job(), environment=text)
    run_folder(tmp_path / "run", *hostile(of, text), host=Host(text), deviations=[text], pinned=False)
    done = harness("report", tmp_path / "run", "--published", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert {"report.html", "report.md", "latency.svg"} <= {path.name for path in (tmp_path / "out").iterdir()}
    for file in (tmp_path / "out").iterdir():
        page = file.read_text(encoding="utf-8")
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\x1b" not in page
        assert len(page) < 5_000_000


@pytest.mark.parametrize("name", ["formula", "plus", "tab"])
def test_no_spreadsheet_computes_what_a_result_says(tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    run_folder(tmp_path / "run", *hostile(replace(job(), environment=text), text))
    assert harness("merge", tmp_path / "run", "-o", tmp_path / "out", "--allow").returncode == 0
    for file in ("tidy.csv", "latency.csv"):
        with (tmp_path / "out" / file).open(newline="") as stream:
            cells = [cell for line in csv.reader(stream) for cell in line]
        assert any(text.strip()[:4] in cell for cell in cells)
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
