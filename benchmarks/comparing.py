"""harness compare of two runs of 100 cells of 1,000 samples each, beside reading them.

Both sides are made of a cell that ships with the repository, its samples repeated.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.merging import REFERENCE
from benchmarks.rows import Sides
from harness import comparing
from harness.documents.runs import open_run
from harness.progress import Silent

CELLS, SAMPLES, TURNS = 100, 1_000, 6


def measure() -> Sides:
    """Return the seconds that comparing two runs takes beside those of reading their cells, turn by turn."""
    with TemporaryDirectory() as folder:
        names = [str(_run(Path(folder) / name, hour)) for hour, name in enumerate("ab")]
        _read(names)  # what is imported is none of either
        _compare(names)
        turns = [(_timed(_compare, names), _timed(_read, names)) for _ in range(TURNS)]
    note = f"two runs of {CELLS} cells of {SAMPLES:,} samples; the reference reads and validates their documents"
    return Sides([ours for ours, _ in turns], [reference for _, reference in turns], note)


def _timed(work: Callable[[list[str]], None], names: list[str]) -> float:
    began = time.perf_counter()
    work(names)
    return time.perf_counter() - began


def _compare(names: list[str]) -> None:
    comparing.compared(names[0], names[1], comparing.asked("3%", None, "both", allow=False), Silent())


def _read(names: list[str]) -> None:
    for name in names:
        for _ in open_run(name).stream():
            pass


def _run(path: Path, hour: int) -> Path:
    """Write a run of so many repeats of the reference's first model."""
    plan = json.loads((REFERENCE / "plan.json").read_text())
    source = plan["cells"][0]
    place = REFERENCE / "cells" / source["job"]["cell"]
    result, execution = (json.loads((place / name).read_text()) for name in ("result.json", "execution.json"))
    samples = result["latency"]["samples"]
    samples["process_cpu_ms"] = samples["wall_ms"]  # which the newest runner records
    for name, column in samples.items():
        if column is not None:
            samples[name] = (column * (SAMPLES // len(column) + 1))[:SAMPLES]
    samples["phase"].sort(key=("warmup", "measured").index)
    cells = []
    for repeat in range(1, CELLS + 1):
        job = source["job"] | {"repeat": repeat, "cell": f"cell-r{repeat}"}
        cells.append(source | {"job": job})
        folder = path / "cells" / job["cell"]
        folder.mkdir(parents=True)
        began = f"2026-01-0{hour + 1}T03:{repeat // 60:02d}:{repeat % 60:02d}.000+00:00"
        (folder / "result.json").write_text(json.dumps(result | {"job": job, "started_at": began}))
        (folder / "execution.json").write_text(json.dumps(execution | {"cell": job["cell"]}))
    (path / "plan.json").write_text(json.dumps(plan | {"cells": cells}))
    return path
