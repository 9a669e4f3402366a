"""Ctrl-C ends every command with a sentence, while it imports, too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import ROOT
from tools.terminals import session

QUICK = str(ROOT / "results" / "reference" / "quick-1")
ENDED = (130, "harness: interrupted.\n")
#: A harness that is interrupted as it begins to import a module, the first of its arguments.
AT_AN_IMPORT = """if True:
    import importlib.abc, signal, sys

    class Interrupting(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name == wanted:
                signal.raise_signal(signal.SIGINT)

    sys.meta_path.insert(0, Interrupting())
    wanted = sys.argv.pop(1)
    from harness.cli.app import main
    main()"""


def test_on_a_terminal_it_has_a_line_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_AN_IMPORT, "rich.console", "models"]
    made = session(command, 80, tmp_path, {**os.environ, "PYTHONPATH": str(ROOT)})
    assert (made.exit_code, made.text) == (130, "\r\nharness: interrupted.\r\n")


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("harness.errors", ["--help"]),
        ("typer", ["--help"]),
        ("harness.cli.listed", ["models"]),
        ("harness.cli.results", ["report", "--help"]),
        ("rich.console", ["models"]),
        ("docker", ["doctor"]),
        ("numpy", ["report", QUICK]),
        ("altair", ["report", QUICK, "-o", "page"]),
        ("pandas", ["merge", QUICK, "-o", "tables"]),
        ("pyarrow", ["merge", QUICK, "-o", "tables"]),
    ],
)
def test_during_an_import(module: str, command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_AN_IMPORT, module, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == ENDED
    assert list(tmp_path.glob("page*")) + list(tmp_path.glob("tables*")) == []
