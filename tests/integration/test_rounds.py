"""Repeats that end early, in the real program: what is kept, what is not needed, and what a narrower precision adds."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.catalogue import protocols
from harness.documents import Host
from harness.documents.run_folder import RunFolder
from harness.documents.spared import is_spared
from harness.host import machine, own
from runner.contract import Job, Repeating, Stopping, Variant
from tests import samples
from tests.integration.commands import LITE, fails, harness

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("lean_torch")]

ONCE = Stopping("count", 1, 1)
ROUNDS = replace(
    protocols()["quick-1"],
    name="rounds",
    input="near-black",
    input_height=64,
    input_width=64,
    input_seed=0,
    warmup=ONCE,
    measure=ONCE,
    repeats=5,
    repeating=Repeating("random", "geometric", 3, 0.03),
)


def jobs() -> list[Job]:
    plain = samples.job(LITE, "local", variant=Variant(threads=1), images=[], expected={})
    return [replace(plain, protocol=ROUNDS, repeat=n, cell=f"local--r{n}") for n in range(1, 6)]


def run_of(path: Path, times: Sequence[float]) -> RunFolder:
    """Write a run of five repeats of which the first few were measured already, by this very software."""
    folder = RunFolder.create(path, "run")
    documents.write(path / "plan.json", replace(samples.plan(*jobs()), order_seed=1))
    made_by = {"runner_sha256": own.runner_sha256(), "harness_version": own.version()}
    for job, ms in zip(jobs(), times, strict=False):
        place = folder.clear(job)
        result = samples.ok_result(job, wall_ms=ms, software=samples.software(**own.stack()), **made_by)
        documents.write(place / "result.json", result)
        seen = samples.execution(job, executor="local", pinned=False, host=Host(machine.host_id()))
        documents.write(place / "execution.json", seen)
    return folder


def became(folder: RunFolder) -> list[str]:
    results = [cell.result for cell in RunFolder(folder.path).cells()]
    return ["spared" if is_spared(result) else result.status for result in results]


def test_repeats_that_are_not_needed_are_skipped_until_a_narrower_precision_asks_for_them(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", [10.0, 10.05, 10.1])
    done = harness("run", "--resume", folder.path, "--long")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("skipped: precise enough: ±1.6 % over 3 processes") == 2
    assert became(folder) == ["ok"] * 3 + ["spared"] * 2
    assert "3 \N{MULTIPLICATION SIGN} 3" in done.stdout
    merged = harness("merge", folder.path, "--out", tmp_path / "merged")
    assert "left out" not in merged.stdout

    done = harness("run", "--resume", folder.path, "--precision", "0.01%", "--long")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(", kept") == 3
    assert became(folder) == ["ok"] * 5
    assert RunFolder(folder.path).plan.precision == pytest.approx(0.0001)
    assert all(effort in done.stdout for effort in ("3 \N{MULTIPLICATION SIGN} 3", "2 \N{MULTIPLICATION SIGN} 1"))


def test_what_is_no_precision_or_percentile_is_refused_and_the_run_stays_as_it_was(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "run", [10.0])
    before = (folder.path / "plan.json").read_bytes()
    fails(2, "is no share above 0 and up to 50 %", "run", "--resume", folder.path, "--precision=51%")
    assert (folder.path / "plan.json").read_bytes() == before
    fails(2, "those of the protocol quick-1 never do", "run", "--model", LITE, "--weights", "random", "--precision=3%")
    fails(2, "'100' is no percentile: one lies", "run", "--model", LITE, "--weights", "random", "--percentile", "100")
