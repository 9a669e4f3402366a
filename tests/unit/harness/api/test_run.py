from dataclasses import replace
from pathlib import Path
from typing import assert_type

import pandas as pd
import pytest

import harness
from harness import documents
from harness.api.run import SAMPLES, MeasuredCell, Run
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from harness.documents.spared import sparing
from runner.contract import SCHEMA_VERSION, Failure
from runner.contract.processes import over_processes
from runner.contract.statistics import measured_ms
from tests.samples import job, latency, ok_result, plan, run_folder
from tests.unit.harness.content_cells import content_cell

HOSTILE = "<script>alert(1)</script>\x1b[31m"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    broken = replace(job("retinanet_resnet50_fpn"), cell="broken")
    failure = Failure("ValueError", HOSTILE, "mend it", "model")
    failed = ok_result(broken, status="failed", latency=None, failure=failure)
    return harness.open_run(run_folder(tmp_path / "run", ok_result(job()), failed).path)


def test_a_run_is_fine_without_a_repeat_that_was_not_needed(tmp_path: Path) -> None:
    spare = replace(job(repeat=2), cell="spare")
    needless = sparing(over_processes([10.0, 10.0, 10.0]))
    left_out = ok_result(spare, status="skipped", latency=None, failure=needless)
    done = harness.open_run(run_folder(tmp_path / "run", ok_result(job()), left_out).path)
    assert (done.fine, done.cells[1].reason) == (True, "precise enough: ±0.0 % over 3 processes")


def test_samples_have_a_row_an_iteration(run: Run) -> None:
    cell = run.cells[0]
    assert_type(cell, MeasuredCell)
    assert_type(cell.samples, pd.DataFrame)
    assert cell.samples.phase.tolist() == ["warmup", "measured", "measured", "measured"]
    assert cell.samples.ms.tolist() == [99.0, 10.0, 10.0, 10.0]
    assert cell.samples.device_ms.isna().all()
    assert cell.samples.voluntary_switches.isna().all()
    assert cell.samples.dtypes.astype(str).to_dict() == SAMPLES


def test_a_sample_has_what_was_seen_of_its_picture_beside_it(tmp_path: Path) -> None:
    cell = content_cell(detections=[0, 5, 9, 2])
    samples = harness.open_run(run_folder(tmp_path / "run", cell.result).path).cells[0].samples
    assert samples.groupby("image", observed=True).candidates.unique().map(list).to_dict() == {
        "0.jpg": [9],
        "1.jpg": [24],
        "2.jpg": [36],
        "3.jpg": [15],
    }
    assert samples.proposals.isna().all()
    assert samples.dtypes.astype(str).to_dict() == SAMPLES


def test_the_time_of_a_sample_is_the_one_that_the_statistics_take(tmp_path: Path) -> None:
    measured = latency([10.0, 20.0])
    on_device = replace(measured, samples=replace(measured.samples, device_ms=[80.0, 7.0, 9.0]))
    run = harness.open_run(run_folder(tmp_path / "run", ok_result(job(), latency=on_device)).path)
    samples = run.cells[0].samples
    assert samples.ms[samples.phase == "measured"].tolist() == measured_ms(on_device) == [7.0, 9.0]


def test_a_cell_without_measurement_has_the_same_columns_and_a_reason(run: Run) -> None:
    broken = run.cells[1]
    assert (broken.status, broken.reason) == ("failed", "<script>alert(1)</script>")
    assert broken.document.result.failure
    assert broken.document.result.failure.message == HOSTILE
    assert len(broken.samples) == 0
    assert broken.samples.dtypes.astype(str).to_dict() == SAMPLES
    assert not run.fine


def test_what_was_planned_has_a_row_each(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    skipped = PlannedCell(replace(job(), cell="other"), named=False, skipped="no GPU")
    unasked = replace(folder.plan, cells=[*folder.plan.cells, skipped])
    documents.write(folder.path / "plan.json", unasked)
    run = harness.open_run(folder.path)
    assert run.planned.status.tolist() == ["ok", "skipped"]
    assert run.planned.reason.isna().tolist() == [True, False]
    assert run.planned.reason[1] == "no GPU"
    assert run.fine  # nobody asked for just that one
    documents.write(folder.path / "plan.json", replace(unasked, cells=[replace(c, named=True) for c in unasked.cells]))
    assert not harness.open_run(folder.path).fine


def test_one_that_is_being_written_has_the_cells_that_are_done(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    documents.write(folder.path / "plan.json", plan(job(), replace(job(), cell="later")))
    run = harness.open_run(folder.path)
    assert run.planned.status.tolist() == ["ok", "planned"]
    assert [cell.name for cell in run.cells] == [job().cell]
    assert not run.fine
    assert "1 of 2 cells with a result" in repr(run)


def test_it_is_read_in_a_terminal_and_in_a_notebook_and_obeyed_by_neither(run: Run) -> None:
    assert "run " in repr(run)
    assert "<script>alert(1)</script>" in repr(run)
    assert "\x1b" not in repr(run) + repr(run.cells[1]) + run._repr_html_() + run.cells[1]._repr_html_()
    assert "\x1b" not in "".join(run.planned.reason.dropna())
    assert "<script" not in run._repr_html_() + run.cells[1]._repr_html_()
    assert "&lt;script&gt;" in run._repr_html_()
    assert "&lt;script&gt;" in run.cells[1]._repr_html_()


def test_results_of_a_newer_harness_are_an_error_with_a_remedy(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    path = folder.cell_folder(job()) / "result.json"
    text = path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99')
    path.write_text(text)
    with pytest.raises(harness.BadDocument) as raised:
        harness.open_run(folder.path)
    assert raised.value.remedy == "update the harness"
    assert path.read_text() == text


def test_one_that_is_nowhere_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_RESULTS", str(tmp_path))
    with pytest.raises(harness.BadInput, match="there is no run 'nowhere'; make one with: harness run"):
        harness.open_run("nowhere")
    with pytest.raises(harness.BadInput, match="there is no run yet"):
        harness.open_run()
    with pytest.raises(harness.BadInput, match="run can't be 3"):
        harness.open_run(3)  # type: ignore[arg-type]


def test_one_that_another_process_executes_is_refused(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(environment="local")))
    with RunFolder(folder.path).locked(), pytest.raises(harness.BadInput, match="is being executed by another process"):
        harness.resume(folder.path)
    assert len(harness.open_run(folder.path).cells) == 1
