import fcntl
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.documents import Execution, Host
from harness.documents.run_folder import Cell, RunFolder
from harness.execute import estimate
from harness.execute.executors.base import ExitReport
from harness.host import locks, machine
from harness.progress import OnLine
from runner.contract import Dataset, Detections, Job, Variant
from tests.fakes import FakeExecutor
from tests.samples import job, latency, ok_result, plan, run_folder

SSD, R50 = "ssd300_vgg16", "fasterrcnn_resnet50_fpn"


def measured(of: Job, wall_ms: float) -> Cell:
    execution = Execution(1, of.cell, "local", Host("h"), 0, False, False, 5.0, None, None, False, [])
    return Cell(of, ok_result(of, latency=latency([wall_ms] * 4)), execution)


def test_a_timed_model_is_estimated_from_its_own_iterations() -> None:
    known = estimate.known_costs([measured(job(SSD), 100.0)])
    seconds = estimate.seconds(job(SSD), known)
    assert seconds is not None
    overhead = 5.0 - (99.0 + 4 * 100.0) / 1000
    assert abs(seconds - (overhead + 24 * 0.1)) < 1e-9


def test_another_model_is_scaled_by_its_work_and_held_by_the_cap() -> None:
    known = estimate.known_costs([measured(job(SSD), 100.0)])
    more = estimate.seconds(job(R50), known)
    less = estimate.seconds(job(SSD), known)
    assert more is not None and less is not None
    assert more > less
    slow = estimate.known_costs([measured(job(SSD), 60_000.0)])
    capped = estimate.seconds(job(R50), slow)
    assert capped is not None
    assert capped <= 60.0 + 5.0


def test_nothing_is_known_of_other_work() -> None:
    known = estimate.known_costs([measured(job(SSD), 100.0)])
    assert estimate.seconds(job(SSD, environment="local"), known) is None
    assert estimate.seconds(job(SSD, protocol="published-2021"), known) is None
    assert estimate.seconds(job(SSD, variant=Variant(threads=1)), known) is None


def test_own_code_tells_of_itself_alone() -> None:
    own = "mine:f@0123456789ab"
    assert estimate.seconds(job(own), estimate.known_costs([measured(job(SSD), 100.0)])) is None
    known = estimate.known_costs([measured(job(own), 100.0)])
    assert estimate.seconds(job(SSD), known) is None
    assert estimate.seconds(job("mine:f@ba9876543210"), known) is None
    alike = estimate.known_costs([measured(job(SSD), 100.0)])
    assert estimate.seconds(job(own), known) == estimate.seconds(job(SSD), alike)


def test_the_newest_result_wins_and_failures_tell_nothing() -> None:
    newest, oldest = measured(job(SSD), 100.0), measured(job(SSD), 900.0)
    failed = replace(newest, result=replace(newest.result, latency=None))
    assert estimate.known_costs([failed, newest, oldest]) == estimate.known_costs([newest])


def passed(images: int, of_images: int | None = None) -> Cell:
    """A detection pass of so many images: 2 s for the first, 0.1 s for each other, 3 s of overhead."""
    ids = list(range(of_images or images))
    dataset = Dataset("shapes", "0" * 64, [1], ids, [f"{i}.jpg" for i in ids])
    accuracy = job(SSD, suite="accuracy", dataset=dataset, images=[])
    wall_ms = 2000.0 + 100.0 * (images - 1)
    found = Detections("detections.sqlite", images, 9, 0, [], 5.0, wall_ms, 2000.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
    execution = Execution(
        1, accuracy.cell, "local", Host("h"), 0, False, False, 3.0 + wall_ms / 1000, None, None, False, []
    )
    return Cell(accuracy, ok_result(accuracy, latency=None, detections=found), execution)


def test_a_detection_pass_is_estimated_by_its_images_without_the_warm_up() -> None:
    known = estimate.known_costs([passed(2)])
    seconds = estimate.seconds(passed(2, of_images=5000).job, known)
    assert seconds is not None
    assert abs(seconds - (3.0 + 2.0 + 5000 * 0.1)) < 1e-6


def test_one_batch_tells_nothing_of_a_pass() -> None:
    assert estimate.known_costs([passed(1)]) == {}


def test_a_pass_tells_nothing_of_latency() -> None:
    assert estimate.seconds(job(SSD, environment="cuda10.2"), estimate.known_costs([passed(9)])) is None


@pytest.mark.parametrize(
    ("own", "left", "known"), [("h", "h", True), ("h", "g", False), ("h", None, False), (None, None, False)]
)
def test_only_this_host_s_own_cells_tell_its_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str | None, left: str | None, known: bool
) -> None:
    earlier = run_folder(tmp_path / "earlier", ok_result(job(SSD)), host=Host(left))
    monkeypatch.setattr(estimate, "runs", lambda: [earlier])
    monkeypatch.setattr(machine, "host_id", lambda: own)
    (seconds,) = estimate.from_history(plan(job(SSD))).seconds
    assert (seconds is not None) is known


def test_what_a_killed_probe_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    left = folder.path / ".probe-ab12"
    left.mkdir()
    (left / "result.json").write_text("{")
    estimate.for_plan(folder, {}, lambda text: None)
    assert {path.name for path in folder.path.iterdir()} == {"plan.json", "cells"}


class Looking(FakeExecutor):
    """Measures, and says whether another process could measure meanwhile."""

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        with locks.path_of(f"CPU {machine.every_cpu()[0]}").open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return super().run(job_path, output_dir, timeout_s, on_line)


def test_a_probe_takes_its_turn_as_a_cell_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "runs", list)
    folder = RunFolder.create(tmp_path / "run", "run")
    documents.write(folder.path / "plan.json", plan(job(SSD)))
    executor = Looking()
    (seconds,) = estimate.for_plan(folder, {("cuda10.2", "latency"): executor}, print).seconds
    assert executor.executed == [job(SSD).cell]
    assert seconds is not None
