"""make gpu-wheels, by a real pip, from a folder in the place of an index."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.paths import ROOT

SCRIPT = ROOT / "scripts" / "gpu-wheels"
#: Runs the script with another lock and another limit.
CODE = """
import runpy, sys
from pathlib import Path
names = runpy.run_path(sys.argv[1])
names["main"].__globals__.update(LOCK=Path(sys.argv[2]), LARGEST_BYTES=int(sys.argv[3]))
sys.exit(names["main"](sys.argv[4], Path(sys.argv[5])))
"""


def wheel(folder: Path, tag: str) -> Path:
    """Make the wheel of a package `thing` for these Pythons and platforms."""
    path = folder / f"thing-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing.py", "")
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    return path


def lock(folder: Path, *wheels: Path) -> Path:
    hashes = [f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in wheels]
    path = folder / "lock.txt"
    path.write_text(" ".join(["thing==1.0", *hashes]))
    return path


def fetched(index: Path, locked: Path, tag: str, out: Path, limit: int = 10_000) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    command = [sys.executable, "-c", CODE, str(SCRIPT), str(locked), str(limit), tag, str(out)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    for tag in ("cp312-cp312-manylinux_2_28_x86_64", "cp313-cp313-manylinux2014_x86_64", "cp312-cp312-win_amd64"):
        wheel(folder, tag)
    return folder


def test_the_wheels_are_those_of_that_python_and_of_nothing_before(index: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "older-1.0-py3-none-any.whl").write_bytes(b"")
    (out / "mine.txt").write_text("mine")
    done = fetched(index, lock(tmp_path, *index.iterdir()), "cp313", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ["mine.txt", "thing-1.0-cp313-cp313-manylinux2014_x86_64.whl"]
    assert f"MB in {out}: make test-gpu WHEELS={out}" in done.stdout


@pytest.mark.parametrize(
    ("tag", "limit", "hashed", "sentence"),
    [
        ("cp39", 10_000, True, "'cp39' is no tag of a Python from 3.11 on; write PYTHON_TAG=cp312, say."),
        ("", 10_000, True, "'' is no tag of a Python from 3.11 on; write PYTHON_TAG=cp312, say."),
        ("cp312", 10, True, "they are 0.0 MB, more than 0; need fewer packages."),
        ("cp314", 10_000, True, "pip could not fetch them, for the reason above."),
        ("cp312", 10_000, False, "pip could not fetch them, for the reason above."),
    ],
)
def test_what_can_t_be_had_is_one_sentence(
    index: Path, tmp_path: Path, tag: str, limit: int, hashed: bool, sentence: str
) -> None:
    other = wheel(tmp_path, "py3-none-any")
    done = fetched(index, lock(tmp_path, *(index.iterdir() if hashed else [other])), tag, tmp_path / "out", limit)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"gpu-wheels: {sentence}"
    assert "Traceback" not in done.stderr


def test_every_package_of_the_lock_is_pinned_and_hashed() -> None:
    text = (ROOT / "tests" / "gpu" / "requirements.lock").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all("==" in line and "--hash=sha256:" in line for line in lines)
    named = (ROOT / "tests" / "gpu" / "requirements.in").read_text().splitlines()
    wanted = {line.partition("<")[0].strip() for line in named if line and not line.startswith("#")}
    assert wanted <= {line.partition("==")[0] for line in lines}
