"""harness merge of thousands of results, each a copy of one that ships with the repository under another name.

python -m benchmarks.merging merge FOLDER merges the run in FOLDER once and prints its seconds and peak memory in MB;
python -m benchmarks.merging loads FOLDER only parses its results.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.peaks import peak_mb
from benchmarks.rows import Broken, Sides
from harness.paths import ROOT

REFERENCE = ROOT / "results" / "reference" / "quick-1"
MANY, FEW = 10_000, 1_000
#: The least that an interval of the median needs.
TURNS = 6
ALLOWED_MB = 400.0


class Done(NamedTuple):
    """What a process took."""

    seconds: float
    megabytes: float


def measure_first() -> Sides:
    """Return the seconds that a process takes to merge 10,000 results, beside json.loads of them, turn by turn.

    Raises Broken where it takes more memory than allowed.
    """
    with TemporaryDirectory() as folder:
        run = generated(Path(folder) / "run", MANY)
        turns = [(_done("merge", run), _done("loads", run)) for _ in range(TURNS)]
    return _sides(turns, "nothing is kept of them from before")


def measure_again() -> Sides:
    """Return the seconds that a process takes to merge 10,000 results that another has merged before, likewise."""
    with TemporaryDirectory() as folder:
        run, cache = generated(Path(folder) / "run", MANY), Path(folder) / "cache"
        _done("merge", run, cache)
        turns = [(_done("merge", run, cache), _done("loads", run)) for _ in range(TURNS)]
    return _sides(turns, "merged before")


def _sides(turns: list[tuple[Done, Done]], how: str) -> Sides:
    peak = max(ours.megabytes for ours, _ in turns)
    if peak >= ALLOWED_MB:
        raise Broken(f"merging took {peak:.0f} MB, of {ALLOWED_MB:.0f} MB allowed")
    note = f"{MANY:,} results of quick-1, {how}; peak {peak:.0f} MB; the reference reads and parses each result.json"
    return Sides([ours.seconds for ours, _ in turns], [reference.seconds for _, reference in turns], note)


def measure_growth() -> Sides:
    """Return the seconds of 10,000 results beside ten times those of 1,000, turn by turn."""
    with TemporaryDirectory() as folder:
        many, few = generated(Path(folder) / "many", MANY), generated(Path(folder) / "few", FEW)
        turns = [(_done("merge", many).seconds, _done("merge", few).seconds) for _ in range(TURNS)]
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


def _done(what: str, run: Path, cache: Path | None = None) -> Done:
    """Return what a process takes that does it; `cache` is the user's cache folder, an empty one unless named."""
    command = [sys.executable, "-m", "benchmarks.merging", what, str(run)]
    with TemporaryDirectory() as empty:
        variables = os.environ | {"XDG_CACHE_HOME": str(cache or empty)}
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(done.stderr.strip().splitlines()[-1])
    seconds, megabytes = done.stdout.split()[-2:]
    return Done(float(seconds), float(megabytes))


def main() -> None:
    """Merge or parse the run and print what that took."""
    what, run = sys.argv[1:]
    start = time.perf_counter()
    {"merge": _merge, "loads": _loads}[what](run)
    seconds = time.perf_counter() - start
    print(f"{seconds:.3f} {peak_mb():.0f}")


def _merge(run: str) -> None:
    from harness.cli import app

    with TemporaryDirectory() as out:
        sys.argv = ["harness", "merge", run, "--published", "-o", out]
        try:
            app.main()
        except SystemExit as ended:
            if ended.code:
                raise


def _loads(run: str) -> None:
    for cell in (Path(run) / "cells").iterdir():
        json.loads((cell / "result.json").read_bytes())


if __name__ == "__main__":
    main()
