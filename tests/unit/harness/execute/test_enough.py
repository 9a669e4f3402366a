import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.analysis.merging import merged
from harness.catalogue import protocols
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from harness.documents.spared import is_spared
from harness.execute import estimate, run
from harness.execute.executors.base import ExitReport
from harness.progress import OnLine
from harness.report.latency import latency_table
from harness.report.page.cards import troubles
from runner.contract import Job, Repeating, Variant
from runner.contract.serialise import from_dict
from tests import samples
from tests.fakes import FakeExecutor
from tests.unit.harness.execute.test_run import Remembering, image

SSD, LITE = "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"
ROUNDS = replace(protocols()["quick-1"], name="rounds", repeats=5, repeating=Repeating("random", "geometric", 3, 0.03))


class Timing(FakeExecutor):
    """Measures the given ms of each model, repeat by repeat; None fails."""

    def __init__(self, **times: Sequence[float | None]):
        super().__init__(image())
        self._times = times

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        job = from_dict(Job, json.loads(job_path.read_text()))
        ms = self._times[job.model.builder][job.repeat - 1]
        if ms is None:
            return ExitReport(1, timed_out=False, out_of_memory=False, wall_seconds=1.0)
        self._wall_ms = ms
        return super().run(job_path, output_dir, timeout_s, on_line)


def repeats(*builders: str, protocol: Any = ROUNDS, **changes: Any) -> list[Job]:
    plain = [replace(samples.job(builder, **changes), protocol=protocol) for builder in builders]
    return [
        replace(job, repeat=repeat, cell=f"{job.model.builder}--{job.variant.threads}--r{repeat}")
        for repeat in range(1, 6)
        for job in plain
    ]


def folder_of(path: Path, jobs: list[Job], **changes: Any) -> RunFolder:
    folder = RunFolder.create(path / "run", "run")
    documents.write(folder.path / "plan.json", replace(samples.plan(*jobs), **changes))
    return folder


def executed(folder: RunFolder, executor: FakeExecutor) -> tuple[bool, list[str]]:
    """Return whether all went well, and what became of each cell: ok, kept, spared or else."""
    display = Remembering()
    fine = run.execute(folder, {("cuda10.2", "latency"): executor}, None, display)
    results = [folder.result(cell.job) for cell in folder.plan.cells]
    spared = [result is not None and is_spared(result) for result in results]
    return fine, [
        "spared" if left_out else "kept" if reused else status
        for (_, status, reused), left_out in zip(display.told, spared, strict=True)
    ]


def test_repeats_end_once_three_processes_agree_closely_enough(tmp_path: Path) -> None:
    folder, executor = folder_of(tmp_path, repeats(SSD)), Timing(**{SSD: [10.0, 10.05, 10.1, 10.0, 10.0]})
    assert executed(folder, executor) == (True, ["ok", "ok", "ok", "spared", "spared"])
    result = folder.result(folder.plan.cells[3].job)
    assert result is not None
    assert result.failure is not None
    # Student's t with two degrees of freedom, at 97 % since 3 of 5 are there, of logarithms that deviate by 0.005.
    assert (result.status, result.failure.message) == ("skipped", "precise enough: ±1.6 % over 3 processes")


def test_each_model_ends_for_itself(tmp_path: Path) -> None:
    wide = [10.0, 14.0, 10.0, 14.0, 10.0]
    folder = folder_of(tmp_path, repeats(SSD, LITE))
    fine, became = executed(folder, Timing(**{SSD: [10.0] * 5, LITE: wide}))
    assert fine
    assert became == ["ok"] * 6 + ["spared", "ok"] * 2


def test_so_does_each_number_of_threads(tmp_path: Path) -> None:
    one, two = (repeats(SSD, variant=Variant(threads=n)) for n in (1, 2))
    folder = folder_of(tmp_path, [job for pair in zip(one, two, strict=True) for job in pair])
    assert executed(folder, Timing(**{SSD: [10.0] * 5}))[1] == ["ok"] * 6 + ["spared"] * 4


def test_a_process_that_failed_is_none_of_the_three(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, repeats(SSD))
    fine, became = executed(folder, Timing(**{SSD: [10.0, None, 10.0, 10.0, 10.0]}))
    assert (fine, became) == (False, ["ok", "crashed", "ok", "ok", "spared"])


@pytest.mark.parametrize(("precision", "measured"), [(0.005, 5), (0.009, 4), (0.02, 3)])
def test_the_plan_s_precision_takes_the_place_of_the_protocol_s(
    tmp_path: Path, precision: float, measured: int
) -> None:
    executor = Timing(**{SSD: [10.0, 10.05, 10.1, 10.0, 10.1]})
    executed(folder_of(tmp_path, repeats(SSD), precision=precision), executor)
    assert len(executor.executed) == measured


def test_a_protocol_whose_repeats_never_end_early_measures_all(tmp_path: Path) -> None:
    jobs = repeats(SSD, protocol=replace(ROUNDS, repeating=None))
    assert executed(folder_of(tmp_path, jobs, precision=0.5), Timing(**{SSD: [10.0] * 5}))[1] == ["ok"] * 5


def test_a_run_that_goes_on_measures_what_was_spared_only_to_a_narrower_precision(tmp_path: Path) -> None:
    times = Timing(**{SSD: [10.0, 10.05, 10.1, 10.0, 10.1]})
    folder = folder_of(tmp_path, repeats(SSD))
    executed(folder, times)
    assert executed(RunFolder(folder.path), times) == (True, ["kept"] * 3 + ["spared"] * 2)
    folder.replan(replace(folder.plan, precision=0.005))
    assert executed(RunFolder(folder.path), times) == (True, ["kept"] * 3 + ["ok"] * 2)
    folder.replan(replace(folder.plan, precision=0.5))
    assert executed(RunFolder(folder.path), times) == (True, ["kept"] * 5)


def test_what_an_older_runner_measured_spares_nothing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, repeats(SSD))
    executed(folder, Timing(**{SSD: [10.0] * 5}))
    for cell in folder.plan.cells[:3]:
        result = folder.result(cell.job)
        assert result is not None
        documents.write(folder.cell_folder(cell.job) / "result.json", replace(result, runner_sha256="ab" * 32))
    assert executed(RunFolder(folder.path), Timing(**{SSD: [10.0, 14.0, 10.0, 14.0, 10.0]}))[1] == ["ok"] * 5


def test_an_estimate_counts_what_may_have_to_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, executor = folder_of(tmp_path, repeats(SSD)), Timing(**{SSD: [10.0, 10.05, 10.1, 10.0, 10.1]})
    executors: Any = {("cuda10.2", "latency"): executor}

    def times() -> list[bool]:
        return [seconds != 0.0 for seconds in estimate.for_plan(RunFolder(folder.path), executors, print).seconds]

    monkeypatch.setattr(estimate, "runs", list)
    monkeypatch.setattr(estimate, "WORTH_A_PROBE", 10**9)
    assert times() == [True] * 5
    executed(folder, executor)
    assert times() == [False] * 5
    folder.replan(replace(folder.plan, precision=0.005))
    assert times() == [False] * 3 + [True] * 2


def test_nobody_misses_a_repeat_that_was_not_needed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, repeats(SSD))
    executed(folder, Timing(**{SSD: [10.0] * 5}))
    whole = merged([str(folder.path)])
    assert (whole.cells, whole.missing) == (5, 0)
    assert set(whole.frame.status) == {"ok", "skipped"}
    assert troubles(folder.cells()) == []
    table = latency_table(folder.cells())
    (row,) = table.rows
    figures = dict(zip(table.headings, row, strict=True))
    assert figures["processes \N{MULTIPLICATION SIGN} iterations"] == "3 \N{MULTIPLICATION SIGN} 3"
    assert not any("precise enough" in note or "skipped" in note for note in table.notes)


def test_another_skip_fails_a_run_as_before(tmp_path: Path) -> None:
    first, *rest = repeats(SSD)
    skipped = PlannedCell(first, named=True, skipped="no such builder")
    folder = RunFolder.create(tmp_path / "run", "run")
    documents.write(folder.path / "plan.json", samples.plan(skipped, *rest))
    assert executed(folder, Timing(**{SSD: [10.0] * 5})) == (False, ["skipped", "ok", "ok", "ok", "spared"])
