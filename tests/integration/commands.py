"""Runs the command line as a person does: a process of its own, from outside."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.images.engine import LABEL, Engine
from harness.paths import ROOT

#: The lightest of the published models.
LITE = "ssdlite320_mobilenet_v3_large"
HARNESS = [sys.executable, "-m", "harness.cli"]


def harness(
    *arguments: object,
    variables: Mapping[str, str] | None = None,
    timeout_s: float = 300,
    root: Path = ROOT,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the repository at `root` to its end; its output carries no terminal codes."""
    return subprocess.run(
        [*HARNESS, *map(str, arguments)],
        cwd=root,
        env={**os.environ, "COLUMNS": "120", **(variables or {})},
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


#: Calls the command line again and again in one process: its imports are most of what a refusal takes.
EACH = """if True:
    import contextlib, io, json, sys
    from harness.cli.app import main
    for arguments in json.loads(sys.argv[1]):
        sys.argv, ended = ["harness", *arguments], None
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
            except SystemExit as error:
                ended = error.code
        print(json.dumps([ended, out.getvalue(), err.getvalue()]))"""


def each_fails(exit_code: int, commands: Mapping[str, Sequence[object]]) -> None:
    """Check as fails does that each command ends with the exit code and its sentence."""
    given = json.dumps([list(map(str, arguments)) for arguments in commands.values()])
    done = subprocess.run(
        [HARNESS[0], "-c", EACH, given], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    for sentence, (code, out, err) in zip(commands, ended, strict=True):
        assert code == exit_code, f"{sentence}: {out}{err}"
        *_, last = err.splitlines()
        assert last.startswith("harness: "), err
        assert sentence in last


def owned(engine: Engine, run: Path) -> list[str]:
    """Return the ids of the containers that belong to the run."""
    return [name for name, lock in engine.labelled(f"{LABEL}.owner").items() if lock == str((run / ".lock").resolve())]
