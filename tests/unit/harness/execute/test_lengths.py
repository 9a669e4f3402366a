"""How long what ends by itself is expected to take: as in earlier runs, else to the protocol's caps."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.catalogue import protocols
from harness.documents import Plan, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.documents.spared import sparing
from harness.execute import estimate
from harness.execute.expected import Expected, sentence
from harness.execute.settling import without_measurement
from harness.host import machine
from runner.contract import Job, Protocol, Variant
from runner.contract.processes import over_processes
from tests.samples import execution, job, latency, ok_result, plan

QUICK, STANDARD = protocols()["quick-1"], protocols()["standard-1"]
CAPPED, LEARNT = "by the protocol's caps", "by where earlier runs ended"


def jobs(repeats: int = 5, protocol: Protocol = STANDARD, **changes: Any) -> list[Job]:
    return [replace(job(repeat=n, cell=f"r{n}", **changes), protocol=protocol) for n in range(1, repeats + 1)]


def planned(of: Sequence[Job], precision: float | None = None) -> Plan:
    return replace(plan(*of), precision=precision)


def earlier(place: Path, of: Sequence[Job], lengths: Sequence[int], *, precision: float | None = None) -> RunFolder:
    """Write a run of jobs whose series were so long: where there is none, 0, it was not needed, and -1 is missing."""
    folder = RunFolder.create(place, "run")
    documents.write(folder.path / "plan.json", planned(of, precision))
    for each, length in zip(of, [*lengths, *[0] * len(of)], strict=False):
        result = ok_result(each, latency=latency([10.0] * (length - 1)))
        if length == 0:
            result = without_measurement(each, "skipped", sparing(over_processes([1.0, 1.0, 1.0])))
        if length >= 0:
            documents.write(folder.clear(each) / "result.json", result)
        if length > 0:
            documents.write(folder.cell_folder(each) / "execution.json", execution(each))
    return folder


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The runs of this host, the newest first."""
    runs: list[RunFolder] = []
    monkeypatch.setattr(estimate, "runs", lambda: runs)
    monkeypatch.setattr(machine, "host_id", lambda: "h")
    return runs


def test_a_run_is_expected_to_end_where_one_like_it_did(history: list[RunFolder], tmp_path: Path) -> None:
    history.append(earlier(tmp_path / "a", jobs(), [120, 140, 160]))
    found = estimate.from_history(planned(jobs()))
    one_s = found.seconds[0] or 0.0
    assert found.seconds == [one_s] * 3 + [0.0, 0.0]
    assert (found.learnt, found.capped) == (True, False)
    assert sentence(found) == f"expected time: about {3 * one_s:.0f} s, {LEARNT}"
    longer = estimate.from_history(planned(jobs(3, variant=Variant(iterations=9000))))
    assert (longer.seconds[0] or 0.0) > one_s + 80  # to its cap, since none like it was measured


@pytest.mark.parametrize(
    ("asked", "precision"),
    [
        (jobs(variant=Variant(percentile=99.0)), None),
        (jobs(variant=Variant(iterations=500)), None),
        (jobs(protocol=replace(STANDARD, measure=replace(STANDARD.measure, relative_half_width=0.02)))[:1], None),
        (jobs(), 0.01),
        (jobs(4, protocol=replace(STANDARD, repeats=4)), None),
    ],
    ids=["percentile", "iterations", "another width", "another precision", "other repeats"],
)
def test_what_was_asked_otherwise_is_taken_to_its_caps(
    history: list[RunFolder], tmp_path: Path, asked: list[Job], precision: float | None
) -> None:
    history.append(earlier(tmp_path / "a", jobs(), [120, 140, 160]))
    found = estimate.from_history(planned(asked, precision))
    assert found.capped
    assert 0.0 not in found.seconds
    assert sentence(found).startswith("expected time: at most about ")


def test_without_history_like_it_the_caps_tell(history: list[RunFolder], tmp_path: Path) -> None:
    history.append(earlier(tmp_path / "a", jobs(1, QUICK), [23]))
    found = estimate.from_history(planned(jobs()))
    assert (found.learnt, found.capped) == (False, True)
    assert sentence(found).endswith(f", {CAPPED}")
    counted = estimate.from_history(planned(jobs(1, QUICK)))
    assert sentence(counted) == f"expected time: about {counted.total:.0f} s"


def test_of_a_run_that_was_cut_short_no_number_of_processes_is_known(history: list[RunFolder], tmp_path: Path) -> None:
    history.append(earlier(tmp_path / "short", jobs(), [120, 140, -1, -1, -1]))
    found = estimate.from_history(planned(jobs()))
    assert (found.seconds, found.capped) == ([found.seconds[0]] * 5, True)
    history.append(earlier(tmp_path / "whole", jobs(), [200, 200, 200]))
    found = estimate.from_history(planned(jobs()))
    assert found.seconds == [found.seconds[0]] * 3 + [0.0] * 2
    assert not found.capped


def test_a_run_that_went_past_where_others_ended_is_taken_to_its_end(
    history: list[RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.append(earlier(tmp_path / "a", jobs(), [120, 140, 160]))
    folder = earlier(tmp_path / "b", jobs(), [120, 130, 140, -1, -1])
    monkeypatch.setattr(estimate, "executor_of", lambda job, executors: "one")
    monkeypatch.setattr(estimate, "reusable", lambda folder, cell, executor: folder.result(cell.job))
    monkeypatch.setattr("harness.execute.enough.enough_processes", lambda *_: False)
    found = estimate.for_plan(folder, {}, print)
    assert found.seconds[:3] == [0.0] * 3
    assert 0.0 not in found.seconds[3:]


def test_both_grounds_are_named_where_both_are_used() -> None:
    both = sentence(Expected([30.0, 30.0, None], learnt=True, capped=True))
    assert both == (
        "expected time: at most about 60 s, by where earlier runs ended, else by the protocol's caps, "
        "not counting 1 of unknown length"
    )
    assert sentence(Expected([0.0, 0.0], capped=True)) == "nothing is left to measure"
    assert sentence(Expected([None])) == "expected time: unknown, nothing like it was run here yet"


def test_a_cell_that_can_t_run_takes_no_time(history: list[RunFolder]) -> None:
    assert not history
    left_out = PlannedCell(jobs()[0], named=True, skipped="no torch here")
    assert estimate.from_history(plan(left_out)).seconds == [0.0]
