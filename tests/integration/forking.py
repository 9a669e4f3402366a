"""Runs the command line in a process forked from one that has imported it, which is most of what a command takes.

Tests that start HARNESS themselves do as a person does, imports included.
"""

import atexit
import ctypes
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.paths import ROOT

#: What commands import late and all the same need, as far as several tests do.
LATE = (
    "harness.agreement.passes",
    "harness.analysis.assessed",
    "harness.report.pictures",
    "harness.scoring.by_hotcoco",
    "harness.scoring.cells",
    "harness.scoring.interval",
    "scipy.optimize",
)
COMMANDS = [f"harness.cli.commands.{path.stem}" for path in (ROOT / "harness/cli/commands").glob("*.py")]
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([__name__, *(name for name in COMMANDS if not name.endswith(".demo")), *LATE])


def forked(
    arguments: Sequence[str], environment: Mapping[str, str], timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, with this environment alone. Raises TimeoutExpired where it takes longer."""
    with TemporaryDirectory() as folder:
        printed = [Path(folder) / name for name in ("out", "err")]
        for path in printed:
            path.touch()
        process = _forking.Process(target=_command, args=(arguments, dict(environment), printed))
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), timeout_s)
        out, err = (path.read_text(encoding="utf-8") for path in printed)
        return subprocess.CompletedProcess(list(arguments), process.exitcode, out, err)


def _command(arguments: Sequence[str], environment: Mapping[str, str], printed: Sequence[Path]) -> None:
    """Become the command: its folder, environment and streams are those that a start would have given it."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    _load(environment.get("LD_LIBRARY_PATH", ""))
    for descriptor, path in enumerate(printed, start=1):
        os.dup2(os.open(path, os.O_WRONLY), descriptor)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    sys.argv = ["harness", *arguments]
    from harness.cli.app import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()


def _load(path: str) -> None:
    """Load the libraries of these folders, since the loader looks there for none once a process has started."""
    for library in (library for folder in path.split(os.pathsep) if folder for library in Path(folder).glob("*.so*")):
        ctypes.CDLL(str(library))
