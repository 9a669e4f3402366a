"""scripts/measure-reference, beside a harness that only notes what it was asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.paths import ROOT

#: Leaves a run where --out says; where TORN says so, only a part of it.
HARNESS = """#!/bin/sh
echo "$@" >> asked
for out; do :; done
mkdir -p "$out/new"
exit ${TORN:-0}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with some runs that are kept, and programs that measure nothing."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "measure-reference", tmp_path / "scripts")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in {"harness": HARNESS, "python": "#!/bin/sh\n"}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for name in ("content", "quick-1", "content-coco"):
        (tmp_path / "results" / "reference" / name / "old").mkdir(parents=True)
    return tmp_path


def measured(root: Path, *names: str, **variables: str) -> tuple[int, list[str], dict[str, list[str]], str]:
    """Return its exit code, what was asked of the harness, what the kept runs hold, and what it complains of."""
    (root / "asked").unlink(missing_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in ("IMAGES", "COCO_SAMPLE")}
    done = subprocess.run(
        [root / "scripts" / "measure-reference", *names],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    asked = (root / "asked").read_text().splitlines() if (root / "asked").exists() else []
    kept = {run.name: [part.name for part in run.iterdir()] for run in (root / "results" / "reference").iterdir()}
    return done.returncode, asked, kept, done.stderr


def test_those_that_are_named_are_measured_and_no_others(root: Path) -> None:
    code, asked, kept, _ = measured(root, "content-coco", "quick-1", COCO_SAMPLE="/somewhere/coco", IMAGES="local")
    assert code == 0
    places = [line.rpartition(" --out ")[2] for line in asked]
    assert places == ["build/reference/quick-1", "build/reference/content-coco"]
    assert "--image local --device cpu --published-models" in asked[0]
    assert "--images /somewhere/coco/val2017" in asked[1]
    assert kept == {"content": ["old"], "quick-1": ["new"], "content-coco": ["new"]}


def test_all_are_measured_but_those_whose_pictures_are_missing(root: Path) -> None:
    code, asked, kept, _ = measured(root)
    assert code == 0
    assert len(asked) == 6
    assert not any("coco" in line for line in asked)
    assert kept["content-coco"] == ["old"]


def test_a_run_that_is_not_whole_replaces_none(root: Path) -> None:
    code, asked, kept, _ = measured(root, "content", "content-random", TORN="1")
    assert (code, len(asked)) == (1, 1)
    assert kept["content"] == ["old"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("contents", "contents: no such run; there are: accuracy-shapes"), ("agreement-coco", "COCO_SAMPLE names")],
)
def test_what_can_not_be_measured_is_told_before_anything_is(root: Path, name: str, complaint: str) -> None:
    code, asked, _, told = measured(root, "quick-1", name)
    assert (code, asked) == (2, [])
    assert complaint in told
