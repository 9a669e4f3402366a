"""The detection pass beside its own forward time, and the suite beside a loop after torchvision's reference evaluation.

Both turn by turn in a process of its own: benchmarks.detecting.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.rows import Broken, Sides, Skipped
from harness.paths import ROOT

#: The fewest whose median has a 95 % interval, and some more.
TURNS = 8


def measure_pass() -> Sides:
    """Return the ms from the first image to the last row of a pass, beside those of its forward calls."""
    turns = _turns("pass")
    note = "100 JPEG pictures of shapes, torch's own number of threads; loading the model lies outside"
    return Sides([turn["wall_ms"] for turn in turns], [turn["forward_ms"] for turn in turns], note)


def measure_beside_reference() -> Sides:
    """Return the seconds of detecting in, and scoring, the same pictures with the same weights."""
    turns = _turns("both")
    note = "100 JPEG pictures of shapes, one thread each, a worker a CPU; equal numbers; pycocotools by image"
    return Sides([turn["ours_s"] for turn in turns], [turn["reference_s"] for turn in turns], note)


def _turns(side: str) -> list[dict[str, Any]]:
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    with TemporaryDirectory() as name:
        command = [sys.executable, "-m", "benchmarks.detecting", name, str(TURNS), side]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Broken(f"detecting ended with exit code {done.returncode}: {done.stderr[-300:]}")
        turns: list[dict[str, Any]] = json.loads((Path(name) / "turns.json").read_text(encoding="utf-8"))
        return turns
