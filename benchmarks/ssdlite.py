"""What the runner reports of SSDlite320, against a plain loop: benchmarks.loops here and in a container.

Both processes get glibc's allocator with a fixed threshold for fresh pages. By default it moves the threshold with
what was freed before, so that a 25 MB tensor inside the model's call gets either pages used before or fresh ones, and
fresh ones cost a good part of the call. Which of them it is depends on the history of the heap, not on a loop, and two
sides in one process settle on different ones for minutes.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import container
from benchmarks.jobs import loop_job
from benchmarks.rows import Broken, Sides, Skipped
from harness import documents
from harness.paths import ROOT

LOOPS = ROOT / "benchmarks" / "loops.py"
#: How long pairs are measured. A fixed time, so that no look at the figures decides when to stop.
SECONDS = 90
#: From 1 MiB on every block is fresh from the system: the same for both sides, at any time.
ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1048576"}


def measure_local() -> Sides:
    """Return latencies in ms in this interpreter's torch."""
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    with TemporaryDirectory() as name:
        out = _prepared(Path(name))
        command = [sys.executable, "-m", "benchmarks.loops", str(out), str(SECONDS)]
        variables = os.environ | ALLOCATOR
        process = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        if process.returncode != 0:
            raise Broken(f"{LOOPS.name} ended with exit code {process.returncode}: {process.stderr[-300:]}")
        return _read(out)


def measure_container() -> Sides:
    """Return latencies in ms in the torch of the image of cuda10.2."""
    with container.opened() as (engine, image), TemporaryDirectory() as name:
        out = _prepared(Path(name))
        container.run_in_place(engine, image, LOOPS, out, str(SECONDS), variables=ALLOCATOR)
        return _read(out)


def _prepared(out: Path) -> Path:
    documents.write(out / "job.json", loop_job("published-2021", iterations=1))
    return out


def _read(out: Path) -> Sides:
    pairs = json.loads((out / "pairs.json").read_text(encoding="utf-8"))
    note = f"torch {pairs['torch']}, one thread, glibc's mmap threshold fixed"
    return Sides(pairs["ours_ms"], pairs["reference_ms"], note)
