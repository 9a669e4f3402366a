"""Measuring until the median is known, by the real runner: what ends it, and samples that lost CPU time to others."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.analysis.assessed import assessed
from harness.analysis.cautions import DOUBT, warnings_of
from harness.analysis.doubt import doubt_of
from harness.analysis.standing import standing_of
from harness.catalogue import protocols
from harness.paths import ROOT
from runner.contract import Job, Result, Stopping, Variant
from tests import samples
from tests.integration.commands import LITE

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

STANDARD = protocols()["standard-1"]
CAP_S = 8.0
SMALL = replace(
    STANDARD,
    name="small",
    input="near-black",
    input_height=64,
    input_width=64,
    input_seed=0,
    threads=None,
    cap_seconds=CAP_S,
)
COUNTED = replace(SMALL, warmup=Stopping("count", 2, 2), measure=Stopping("count", 30, 30))


def measured(job: Job, out: Path) -> tuple[Result, list[dict[str, object]]]:
    """Return what the runner leaves of the job, and its lines of progress."""
    out.mkdir()
    documents.write(out / "job.json", job)
    command = [sys.executable, "-m", "runner", str(out / "job.json"), str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return documents.read(Result, out / "result.json"), [line for line in told if line["event"] == "iteration"]


@contextmanager
def busy(cpu: int) -> Iterator[None]:
    """Keep the CPU busy while the block runs."""
    code = f"import os\nos.sched_setaffinity(0, [{cpu}])\nwhile True: pass"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_series_ends_by_what_it_does_and_the_host_comes_to_the_same(tmp_path: Path) -> None:
    asked = Variant(threads=1, percentile=90.0)
    job = samples.job(LITE, "local", variant=asked, images=[], expected={}, protocol="standard-1")
    result, told = measured(replace(job, protocol=SMALL), tmp_path / "out")
    latency, standing, known = result.latency, standing_of(result), assessed(result)
    assert latency
    assert standing
    assert known
    assert known.tail
    assert known.tail.name == "p90"
    assert latency.warmup == standing.steadiness.kind
    assert (latency.stopped_by == "precise") == (standing.verdict == "precise" and known.tail.reason is None)
    assert len(latency.samples.phase) == standing.iterations
    assert latency.samples.phase.count("warmup") == (latency.steady_from or 0)
    assert {line["planned"] for line in told if line["phase"] == "warmup"} == {None}
    spent_s = (latency.samples.start_ms[-1] + latency.samples.wall_ms[-1]) / 1000
    assert latency.stopped_by == "precise" or spent_s >= CAP_S


def test_a_busy_neighbour_puts_samples_in_doubt_and_is_named(tmp_path: Path) -> None:
    cpu = min(os.sched_getaffinity(0))
    of = samples.job(LITE, "local", variant=Variant(threads=1, cpus=str(cpu)), images=[], expected={})
    with busy(cpu):
        result, _ = measured(replace(of, protocol=COUNTED), tmp_path / "out")
    doubt = doubt_of(result)
    assert doubt
    assert doubt.count >= 5  # a time slice of the scheduler is longer than some of the calls
    [said] = [text for text in warnings_of(result) if text.startswith(DOUBT)]
    assert "other work kept" in said
    assert "made to wait" in said
