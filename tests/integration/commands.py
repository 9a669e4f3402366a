"""Runs the command line as a person does: a process of its own, from outside."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.images.engine import Engine
from harness.images.owners import OWNER
from harness.paths import ROOT
from tests.integration.forking import forked

#: The lightest of the published models.
LITE = "ssdlite320_mobilenet_v3_large"
HARNESS = [sys.executable, "-m", "harness"]


def harness(
    *arguments: object,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 300,
    root: Path = ROOT,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the repository at `root` to its end; its output carries no terminal codes."""
    own, command = variables or {}, list(map(str, arguments))
    environment = {**os.environ, "COLUMNS": "120", **own}
    if root == ROOT and "PYTHONPATH" not in own:  # which Python reads when it starts
        return forked(command, environment, timeout_s)
    return subprocess.run(
        [*HARNESS, *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def copied(folder: Path) -> Path:
    """Return a copy of the repository, for tests that change it."""
    root = folder / "copy"
    left_out = shutil.ignore_patterns(".git", ".venv", "results", "__pycache__", ".*_cache", "build", "*.egg-info")
    shutil.copytree(ROOT, root, ignore=left_out)
    for name in ("published", "reference"):
        shutil.copytree(ROOT / "results" / name, root / "results" / name)
    return root


def fails(exit_code: int, sentence: str, *arguments: object, variables: Mapping[str, str] | None = None) -> None:
    """Check that a command ends with the exit code and one clear sentence."""
    done = harness(*arguments, variables=variables)
    assert done.returncode == exit_code, done.stdout + done.stderr
    *_, last = done.stderr.splitlines()
    assert last.startswith("harness: "), done.stderr
    assert sentence in last
    assert "Traceback" not in done.stdout + done.stderr


def each_fails(exit_code: int, commands: Mapping[str, Sequence[object]]) -> None:
    """Check as fails does that each command ends with the exit code and its sentence."""
    for sentence, arguments in commands.items():
        fails(exit_code, sentence, *arguments)


def owned(engine: Engine, run: Path) -> list[str]:
    """Return the ids of the containers that belong to the run."""
    return [name for name, lock in engine.labelled(OWNER).items() if lock == str((run / ".lock").resolve())]
