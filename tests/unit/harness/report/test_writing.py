import json
import os
import re
from pathlib import Path

from harness.report.page.clips import EMBEDDED, clips_of
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


def test_large_clips_of_several_runs_lie_beside_the_page_each_by_its_own_name(tmp_path: Path) -> None:
    folders = [run_folder(tmp_path / name, ok_result(job(), started_at=f"2026-01-0{name}T00:00:00Z")) for name in "123"]
    for folder in folders:
        clip = folder.clip(folder.plan.cells[0].job)
        clip.write_bytes(folder.path.name.encode())
        os.truncate(clip, EMBEDDED + 1)
    page = write_page(folders, tmp_path / "page", published=False)
    links = re.findall(r'<a href="([^"#]+[.]mp4)">', page.read_text())
    assert links == [f"{job().cell}{end}.mp4" for end in ("", "-2", "-3")]
    assert [(page.parent / link).read_bytes()[:1] for link in links] == [b"1", b"2", b"3"]
    titles = [clip.title for clip in clips_of(folders)]
    assert titles == [f"{clips_of(folders[:1])[0].title}, {name}" for name in "123"]
