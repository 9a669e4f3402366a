"""harness merge of thousands of results, each a copy of one that ships with the repository under another name.

python -m benchmarks.merging FOLDER merges the run in FOLDER once and prints its seconds and the peak memory in MB.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.peaks import peak_mb
from benchmarks.rows import Broken, Sides
from harness.catalogue import ROOT

REFERENCE = ROOT / "results" / "reference" / "quick-1"
MANY, FEW = 10_000, 1_000
#: The least that an interval of the median needs.
TURNS = 6
ALLOWED_S, ALLOWED_MB = 20.0, 1000.0


def measure_many() -> Sides:
    """Return the seconds that a process takes to merge 10,000 results, beside those allowed.

    Raises Broken where it takes more memory than allowed.
    """
    with TemporaryDirectory() as folder:
        run = generated(Path(folder) / "run", MANY)
        turns = [_merged(run) for _ in range(TURNS)]
    peak = max(megabytes for _, megabytes in turns)
    if peak >= ALLOWED_MB:
        raise Broken(f"merging took {peak:.0f} MB, of {ALLOWED_MB:.0f} MB allowed")
    note = f"{MANY:,} results of quick-1; peak {peak:.0f} MB; the reference is the limit"
    return Sides([seconds for seconds, _ in turns], [ALLOWED_S] * TURNS, note)


def measure_growth() -> Sides:
    """Return the seconds of 10,000 results beside ten times those of 1,000, turn by turn."""
    with TemporaryDirectory() as folder:
        many, few = generated(Path(folder) / "many", MANY), generated(Path(folder) / "few", FEW)
        turns = [(_merged(many)[0], _merged(few)[0]) for _ in range(TURNS)]
    note = f"{MANY:,} results beside ten times the time of {FEW:,}: linear, or better"
    return Sides([many_s for many_s, _ in turns], [few_s * MANY / FEW for _, few_s in turns], note)


def generated(path: Path, count: int) -> Path:
    """Write a run of so many cells, each a repeat of one of the reference run's."""
    plan = _read(REFERENCE / "plan.json")
    sources = [cell for cell in plan["cells"] if (REFERENCE / "cells" / cell["job"]["cell"] / "result.json").exists()]
    cells = []
    for number in range(count):
        planned = sources[number % len(sources)]
        source = REFERENCE / "cells" / planned["job"]["cell"]
        repeat = number // len(sources) + 1
        job = planned["job"] | {"repeat": repeat, "cell": f"{planned['job']['cell']}-{repeat}"}
        place = path / "cells" / job["cell"]
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps(_read(source / "result.json") | {"job": job}))
        (place / "execution.json").write_text(json.dumps(_read(source / "execution.json") | {"cell": job["cell"]}))
        cells.append(planned | {"job": job})
    (path / "plan.json").write_text(json.dumps(plan | {"cells": cells}))
    return path


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_bytes())
    return data


def _merged(run: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.merging", str(run)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(done.stderr.strip().splitlines()[-1])
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def main() -> None:
    """Merge the run and print what that took."""
    start = time.perf_counter()
    from harness.commands.merge import merge_runs

    with TemporaryDirectory() as out:
        merge_runs([sys.argv[1]], Path(out), published=True, allow=False)
    seconds = time.perf_counter() - start
    print(f"{seconds:.3f} {peak_mb():.0f}")


if __name__ == "__main__":
    main()
