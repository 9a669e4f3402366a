"""How long `import harness` takes, against a process that imports json and 50 ms: what is heavy waits to be called."""

import subprocess
import sys
import time

from benchmarks.rows import Broken, Sides
from benchmarks.turns import take_turns
from harness.paths import ROOT

PAIRS = 40
#: What the import may take beyond the other side's, in ms.
ALLOWED_MS = 50.0


def measure() -> Sides:
    """Return wall times in ms, from the start of the process to its end; the reference with what is allowed on top."""
    return take_turns(
        PAIRS,
        lambda: _import_ms("harness"),
        lambda: _import_ms("json") + ALLOWED_MS,
        f"wall time of the whole process, the reference {ALLOWED_MS:g} ms longer than it took",
    )


def _import_ms(module: str) -> float:
    start = time.perf_counter_ns()
    process = subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, capture_output=True, check=False)
    elapsed = time.perf_counter_ns() - start
    if process.returncode != 0:
        raise Broken(f"import {module} ended with exit code {process.returncode}")
    return elapsed / 1e6
