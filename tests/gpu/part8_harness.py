"""The harness itself on this machine: what it says of the GPU, the eight published models, and a published column.

It runs by its command line, in this Python and the environment `local`, as a person without Docker would run it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from math import isclose
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest

from runner import nvml
from runner.contract import Result, pseudonym
from runner.contract.serialise import from_dict
from tests.gpu.conftest import Seen
from tests.gpu.running import ROOT
from tests.gpu.sizes import sizes

#: What the harness needs that the runner does not, as it is imported; a folder of this project is called docker, too.
NEEDED = ("docker.errors", "filelock", "httpx", "platformdirs", "pydantic", "rich", "scipy", "tenacity", "typer")
COLUMN = "t4"
#: A measured time may be this part of a published one, or so many times it: no GPU is a hundred times as fast as those
#: of 2021, and none that is measured now ten times slower; a mistake of a unit is a thousand.
LEAST, MOST = 0.01, 10.0
TOLD_LINES = 5

Harness = Callable[..., str]


@pytest.fixture(scope="module")
def harness(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    """Run a command of the harness, and return its standard output; an exit status but 0 is what does not hold."""
    places = [*_installed(tmp_path_factory), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "COLUMNS": "160", "PYTHONPATH": os.pathsep.join(filter(None, places))}

    def run(*arguments: object) -> str:
        command = [sys.executable, "-m", "harness", *map(str, arguments)]
        with (folder / f"{arguments[0]}.log").open("a", encoding="utf-8") as log:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            log.write("" if arguments[0] == "doctor" else done.stdout)  # it names UUIDs
        told = (folder / f"{arguments[0]}.log").read_text(encoding="utf-8").splitlines()[-TOLD_LINES:]
        assert done.returncode == 0, f"harness {arguments[0]} ended with {done.returncode}: {' / '.join(told)}"
        return done.stdout

    return run


def _installed(made: pytest.TempPathFactory) -> list[str]:
    """Return where the wheels of WHEELS lie unpacked, nothing where this Python has all of them itself."""
    named = os.environ.get("WHEELS")
    if not named:
        if missing := [name for name in NEEDED if find_spec(name) is None]:
            lacks = f"this Python lacks {', '.join(missing)}"
            pytest.skip(f"{lacks}; name a folder that make gpu-wheels has filled: WHEELS=DIR")
        return []
    wheels, target = sorted(map(str, Path(named).glob("*.whl"))), made.mktemp("site")
    assert wheels, f"WHEELS={named} holds no wheels; fill it with make gpu-wheels"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(target)]
    done = subprocess.run([*command, *wheels], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"the wheels of {named} can't be installed: {done.stdout.strip()[-500:]}"
    return [str(target)]


@pytest.fixture(scope="module")
def doctor(harness: Harness) -> Any:
    return json.loads(harness("doctor", "--json"))


@pytest.fixture(scope="module")
def gpu(doctor: Any) -> str:
    """The UUID of the GPU that --device cuda means."""
    found = [each["uuid"] for each in doctor["gpus"] if each["failure"] is None]
    assert found, f"doctor finds no GPU that can compute: {doctor['gpus_reason']}"
    return str(found[0])


@pytest.fixture(scope="module")
def quick(harness: Harness, folder: Path) -> list[Result]:
    chosen = [text for builder in sizes().commanded for text in ("--model", builder)] or ["--published-models"]
    return measured(harness, folder / "quick", "quick-1", chosen, sizes().quick)


@pytest.fixture(scope="module")
def published(harness: Harness, folder: Path) -> list[Result]:
    chosen = [text for builder in sizes().published for text in ("--model", builder)]
    return measured(harness, folder / "published", "published-2021", chosen, sizes().published_iterations)


def measured(harness: Harness, out: Path, protocol: str, chosen: list[str], iterations: int | None) -> list[Result]:
    """Run models in this Python on the GPU and return their results, those that failed among them."""
    few = ["--iterations", iterations] if iterations else []
    given = ["--image", "local", "--device", "cuda", "--weights", "random", "--published", "--protocol", protocol]
    harness("run", *given, *chosen, *few, "--out", out)
    paths = sorted(out.glob("cells/*/result.json"))
    return [from_dict(Result, json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def times_of(result: Result) -> list[float]:
    """Return the device times of the measured iterations in ms."""
    assert result.latency is not None
    samples = result.latency.samples
    return [ms or 0.0 for phase, ms in zip(samples.phase, samples.device_ms, strict=True) if phase == "measured"]


def test_doctor_finds_the_gpu_and_that_this_python_runs_on_it(doctor: Any, gpu: str, seen: Seen) -> None:
    (local,) = (line for line in doctor["matrix"] if line["environment"] == "local")
    for line in doctor["matrix"]:
        seen(line["environment"], line["gpus"].get(gpu))
    assert pseudonym(gpu) in {each.gpu.uuid for each in nvml.listed()[0]}, "doctor's GPU is none that the runner sees"
    assert local["gpus"][gpu] == "runs", f"in this Python the GPU {local['gpus'][gpu]}"


def test_the_published_models_are_measured_on_that_gpu(quick: list[Result], gpu: str, seen: Seen) -> None:
    expected = len(sizes().commanded) or 8
    assert len(quick) == expected, f"the run left {len(quick)} results, expected {expected}"
    for result in quick:
        builder, hardware = result.job.model.builder, result.hardware
        assert result.latency is not None, f"{builder}: {result.status}"
        seen(builder, f"{median(times_of(result)):.2f} ms, {sum(result.latency.samples.detections)} detections")
        used = hardware.used_gpu.uuid if hardware and hardware.used_gpu else None
        assert used == pseudonym(gpu), f"{builder} was computed by {used}, and planned for {pseudonym(gpu)}"
        assert sum(result.latency.samples.detections) > 0, f"{builder} detected nothing"


def test_the_report_has_them_beside_the_published_ones(
    quick: list[Result], harness: Harness, folder: Path, seen: Seen
) -> None:
    table = harness("report", folder / "quick", "--published")
    seen("lines", len(table.splitlines()))
    latencies = table.split("\n## ")[0]  # before what goes with the pictures
    rows = [line for line in latencies.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(quick), f"the table has {len(rows)} rows for {len(quick)} models:\n{table}"


def test_they_stand_to_each_other_as_in_the_published_column(
    published: list[Result], harness: Harness, folder: Path, seen: Seen
) -> None:
    """The order of magnitude and the rank, no more: weights are random, and this is another GPU and other software.

    The rank has to carry over, since the two are of the same kind and differ by what they compute, a hundredfold.
    """
    found = json.loads(harness("reproduce", "--from", folder / "published", "--column", COLUMN, "--json"))
    rows = {row["builder"]: row for row in found["latency"]}
    own = {result.job.model.builder: fmean(times_of(result)) for result in published}
    assert set(rows) == set(sizes().published) == set(own), f"{COLUMN} beside {sorted(own)} has {sorted(rows)}"
    for builder, row in rows.items():
        seen(builder, f"{row['measured_ms']:.2f} ms, published {row['published_ms']:.2f}, ratio {row['ratio']:.3f}")
        same = isclose(row["measured_ms"], own[builder], rel_tol=1e-9)
        assert same, f"{builder}: reproduce says {row['measured_ms']} ms, the samples {own[builder]}"
        assert LEAST <= row["ratio"] <= MOST, f"{builder} took {row['ratio']:.3g} times what {COLUMN} took in 2021"
    light, heavy = (rows[builder] for builder in sizes().published)
    assert light["published_ms"] < heavy["published_ms"]
    assert light["measured_ms"] < heavy["measured_ms"], (
        f"{light['builder']} took {light['measured_ms']:.2f} ms and {heavy['builder']} {heavy['measured_ms']:.2f}, in "
        f"2021 {light['published_ms']} and {heavy['published_ms']}"
    )
    assert "random weights" in found["not_comparable"], f"random weights got a verdict: {found['not_comparable']}"
