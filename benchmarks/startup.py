"""How long `harness --help` takes, against a bare typer app with the same commands, empty.

The bare app is as lean as typer can be, without rich and completion: what remains is what the harness's own code
costs. Both are started by the same kind of console script and the same interpreter, which compiled them before.
"""

import inspect
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from typer.models import CommandInfo

from benchmarks.rows import Broken, Sides, Skipped
from benchmarks.turns import take_turns
from harness.cli.app import app

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
    (folder / "bare.py").write_text("\n".join(["import typer", *_source(app, "app"), "main = app", ""]))
    script = folder / "harness"
    script.write_text(SCRIPT.read_text(encoding="utf-8").replace("from harness.cli.app import", "from bare import"))
    script.chmod(0o755)
    return script


def _source(real: typer.Typer, variable: str) -> list[str]:
    """Return lines that give `variable` an app with the commands and groups of `real`, without any parameter."""
    lines = [f"{variable} = typer.Typer(help={_text(real.info.help)!r}, {LEAN})"]
    for number, command in enumerate(real.registered_commands):
        lines.append(f"@{variable}.command({_name(command)!r}, help={_help(command)!r})")
        lines.append(f"def {variable}_{number}(): ...")
    for number, group in enumerate(real.registered_groups):
        assert group.typer_instance is not None
        inner = f"{variable}_group_{number}"
        # A group without a name is none: its commands are the app's own.
        named = f", name={group.name!r}" if isinstance(group.name, str) else ""
        lines += [*_source(group.typer_instance, inner), f"{variable}.add_typer({inner}{named})"]
    return lines


def _name(command: CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", "")).replace("_", "-")


def _help(command: CommandInfo) -> str:
    return command.help or inspect.getdoc(command.callback) or ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""  # typer holds a placeholder for what was not given
