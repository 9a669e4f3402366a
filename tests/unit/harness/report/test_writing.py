import json
from pathlib import Path

import pytest

from harness.report.writing import write_page
from tests.samples import job, ok_result, run_folder


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (["run", "--out", "/home/some body/run"], "harness run --out '…/run'"),
        (["run", "--out=/home/a=b/run", "--cpus", "0,2"], "harness run '--out=…/run' --cpus 0,2"),
        (["run", "--images", "/home/a=b/pictures"], "harness run --images '…/pictures'"),
        (["harness.run", "image='local'", "threads=2"], "harness.run(image='local', threads=2)"),
        (["harness.run", "out='/home/a=b/run'"], "harness.run(out='…/run')"),
        (["harness.run", '''images="/home/it's/pictures"'''], 'harness.run(images="…/pictures")'),
    ],
)
def test_the_command_or_the_call_is_told_without_where_it_was_made(
    tmp_path: Path, recorded: list[str], told: str
) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    plan = json.loads((folder.path / "plan.json").read_text())
    (folder.path / "plan.json").write_text(json.dumps(plan | {"command": recorded}))
    assert write_page([folder], tmp_path / "page", published=False) == tmp_path / "page" / "report.html"
    assert told in (tmp_path / "page" / "report.md").read_text()
