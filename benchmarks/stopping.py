"""How many iterations measuring takes until the median is known to 1 %: of recorded series, and live.

The live side is the runner itself in fresh processes, on the input that was published, and its job may take a fifth of
the iterations that were. Loading the model is none of them.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.rows import Broken, Sides, Skipped, Undecided
from harness import documents
from harness.analysis.standing import standing_of
from harness.catalogue import models, protocols
from harness.host import machine
from harness.paths import ROOT
from runner.contract import SCHEMA_VERSION, Job, Result, Variant, Weights
from runner.contract.goals import goal_under
from runner.contract.pilot import Standing, replay

MODEL = "ssd300_vgg16"
#: As many as an interval over all of them takes.
PROCESSES = 6
#: Of the published recipe: 50 to warm up and 950 measured.
PUBLISHED, SHARE = 1000, 0.2
#: The recorded series, by their seeds; their deviation, and what they may take.
SERIES, DEVIATION, ALLOWED = range(41), 0.02, 120


def measure_recorded() -> Sides:
    """Return how many iterations half of the recorded series take at most, beside those allowed."""
    taken = [_taken(seed) for seed in SERIES]
    among = f"half of {len(taken)} series; the longest takes {max(taken):.0f}"
    return Sides([median(taken)], [float(ALLOWED)], f"deviation {DEVIATION:.0%}, independent samples; {among}")


def _taken(seed: int) -> float:
    times = 50 * (1 + DEVIATION * np.random.default_rng(seed).standard_normal(PUBLISHED))
    goal = goal_under(protocols()["standard-1"], PUBLISHED)
    assert goal
    end = replay(times, ["still"] * PUBLISHED, goal)
    if end.verdict != "precise":
        raise Broken(f"the series of the seed {seed} came to no end within 1 %")
    return float(end.iterations)


def measure_live() -> Sides:
    """Return how many iterations each process takes, beside those published.

    Raises Undecided where one is not within 1 % by a fifth of them.
    """
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    with TemporaryDirectory() as name:
        standings = [standing_of(each) for each in _processes(Path(name))]
    known = [each for each in standings if each]
    wide = [_reached(each) for each in known if each.verdict != "precise"]
    if wide:
        raise Undecided(f"{len(wide)} of {len(known)} processes are not within 1 % by then: {', '.join(wide)}")
    used = [float(each.iterations) for each in known]
    return Sides(used, [float(PUBLISHED)] * len(used), f"{MODEL}, {PROCESSES} processes, the start of each apart")


def _reached(standing: Standing) -> str:
    """Return how closely a series was known at its end, else why it was not."""
    if standing.half_width is not None:
        return f"±{100 * standing.half_width:.1f} %"
    return f"{standing.verdict} (worth {standing.figure.effective:.0f} of {standing.iterations})"


def live_job() -> Job:
    """Return a job of standard-1 on the published input, which may take a fifth of the published iterations."""
    standard, published = protocols()["standard-1"], protocols()["published-2021"]
    names = ("input", "input_height", "input_width", "input_seed", "call")
    threads = machine.physical_cores(machine.usable_cpus(None, contained=False))
    return Job(
        schema_version=SCHEMA_VERSION,
        cell="benchmark",
        environment="local",
        suite="latency",
        model=models()[MODEL].spec(Weights("random", seed=0)),
        device="cpu",
        protocol=replace(standard, **{name: getattr(published, name) for name in names}),
        variant=Variant(iterations=int(SHARE * PUBLISHED), threads=threads),
        repeat=1,
        images=[],
        expected={},
    )


def _processes(folder: Path) -> Iterator[Result]:
    for number in range(PROCESSES):
        out = folder / str(number)
        out.mkdir()
        documents.write(out / "job.json", live_job())
        command = [sys.executable, "-m", "runner", str(out / "job.json"), str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Broken(f"the runner ended with exit code {done.returncode}: {done.stderr[-300:]}")
        yield documents.read(Result, out / "result.json")
