"""How long `harness --help` takes, against a bare typer app with the same commands, empty.

The bare app is as lean as typer can be, without rich and completion: what remains is what the harness's own code
costs. Both are started by the same kind of console script and the same interpreter, which compiled them before.
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import typer.main
from typer.core import TyperGroup

from benchmarks.rows import Broken, Sides, Skipped
from benchmarks.turns import take_turns
from harness.cli.late import LateCommand
from harness.cli.listed import app

SCRIPT = Path(sys.executable).parent / "harness"
PAIRS = 60
#: The leanest that typer can be told to be, as the real app is.
LEAN = "no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None"


def measure() -> Sides:
    """Return wall times in ms, from the start of the process to its end."""
    if not SCRIPT.is_file():
        raise Skipped(f"the console script {SCRIPT} is not installed")
    with TemporaryDirectory() as name:
        bare = _write_bare(Path(name))
        return take_turns(PAIRS, lambda: _help_ms(SCRIPT), lambda: _help_ms(bare), "wall time of the whole process")


def _help_ms(script: Path) -> float:
    start = time.perf_counter_ns()
    process = subprocess.run([script, "--help"], capture_output=True, check=False)
    elapsed = time.perf_counter_ns() - start
    if process.returncode != 0:
        raise Broken(f"{script} --help ended with exit code {process.returncode}")
    return elapsed / 1e6


def _write_bare(folder: Path) -> Path:
    """Write the bare app and its console script, which is the real one but for the module that it imports."""
    listed = typer.main.get_command(app)
    assert isinstance(listed, TyperGroup)
    (folder / "bare.py").write_text("\n".join(["import typer", *_source(listed, "app"), "main = app", ""]))
    script = folder / "harness"
    script.write_text(SCRIPT.read_text(encoding="utf-8").replace("from harness.cli.app import", "from bare import"))
    script.chmod(0o755)
    return script


def _source(real: TyperGroup, variable: str) -> list[str]:
    """Return lines that give `variable` an app with the commands and groups of `real`, without any parameter."""
    lines = [f"{variable} = typer.Typer(help={real.help!r}, {LEAN})"]
    for number, (name, listed) in enumerate(real.commands.items()):
        command = listed.whole() if isinstance(listed, LateCommand) else listed
        inner = f"{variable}_{number}"
        if isinstance(command, TyperGroup):
            lines += [*_source(command, inner), f"{variable}.add_typer({inner}, name={name!r})"]
        else:
            lines += [f"@{variable}.command({name!r}, help={command.help!r})", f"def {inner}(): ..."]
    return lines
