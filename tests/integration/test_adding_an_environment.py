"""docs/environments.md says how to add an environment; here somebody follows it, in a copy of the repository."""

import re
import subprocess
import sys
from pathlib import Path

from harness.paths import ROOT
from tests.integration.commands import copied, harness

CHECKS = [
    "tests/unit/harness/catalogue/test_entries_environments.py",
    "tests/unit/tools/test_generated.py",
]


def commands() -> list[str]:
    """Return the shell commands of the section, in order."""
    _, _, section = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8").partition("## How to add one")
    return re.findall(r"^    (\S.*)$", section, re.MULTILINE)


def section_of(text: str, start: str, end: str) -> str:
    return text[text.index(start) : text.index(end)]


def checks(root: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *CHECKS]
    return subprocess.run(
        command, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}, capture_output=True, text=True, check=False
    )


def test_following_the_page_gives_an_environment(tmp_path: Path) -> None:
    root = copied(tmp_path)
    for command in commands():
        subprocess.run(["/bin/sh", "-euc", command], cwd=root, check=True)
    assert (root / "docker" / "mine" / "Dockerfile").is_file()
    entries = root / "docker" / "environments.toml"
    entry = section_of(entries.read_text(), '["cuda12.6"]', '["cuda13.0"]')
    entries.write_text(entries.read_text() + "\n" + entry.replace('"cuda12.6"', "mine"))
    unfinished = checks(root)
    assert unfinished.returncode == 1, unfinished.stdout
    assert "test_compose_is_current" in unfinished.stdout
    for writer in ("write_jobs", "write_compose", "write_environment_tables"):
        subprocess.run([sys.executable, "-m", f"tools.{writer}"], cwd=root, env={"PYTHONPATH": str(root)}, check=True)
    done = checks(root)
    assert done.returncode == 0, done.stdout
    known = harness("run", "--image", "mine", "--model", "x", variables={"PYTHONPATH": str(root)}, root=root)
    assert "there is no model 'x'" in known.stderr
