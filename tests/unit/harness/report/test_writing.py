import json
from pathlib import Path

from harness.report.writing import write_page
from tests.samples import job, ok_result, run_folder

#: What plans record, and what a page tells of it.
COMMANDS: list[tuple[list[str], str]] = [
    (["run", "--out", "/home/some body/run"], "harness run --out '…/run'"),
    (["run", "--out=/home/a=b/run", "--cpus", "0,2"], "harness run '--out=…/run' --cpus 0,2"),
    (["run", "--images", "/home/a=b/pictures"], "harness run --images '…/pictures'"),
    (["harness.run", "image='local'", "threads=2"], "harness.run(image='local', threads=2)"),
    (["harness.run", "out='/home/a=b/run'"], "harness.run(out='…/run')"),
    (["harness.run", '''images="/home/it's/pictures"'''], 'harness.run(images="…/pictures")'),
]


def test_commands_and_calls_are_told_without_where_they_were_made(tmp_path: Path) -> None:
    """Those of all runs, in their order, on one page."""
    days = [f"2026-01-{number + 1:02}T00:00:00Z" for number in range(len(COMMANDS))]
    folders = [run_folder(tmp_path / f"run{day:.10}", ok_result(job(), started_at=day)) for day in days]
    for folder, (recorded, _) in zip(folders, COMMANDS, strict=True):
        plan = json.loads((folder.path / "plan.json").read_text())
        (folder.path / "plan.json").write_text(json.dumps(plan | {"command": recorded}))
    assert write_page(folders, tmp_path / "page", published=False) == tmp_path / "page" / "report.html"
    _, _, repeat = (tmp_path / "page" / "report.md").read_text().partition("## Repeat this\n")
    assert [line for line in repeat.splitlines() if line.startswith("harness")] == [told for _, told in COMMANDS]
