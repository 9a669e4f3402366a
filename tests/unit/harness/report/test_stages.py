"""Stages in their tables, in tidy rows and on the page."""

from dataclasses import replace

import pytest

from harness.analysis.assessed import assessed
from harness.analysis.stages import stage_figures
from harness.analysis.tidy_rows import figures
from harness.analysis.timings import timings_of
from harness.report.page import charts
from harness.report.stages import stage_tables
from harness.report.table import Table
from harness.report.tables import tables_of
from harness.text import GAP
from runner.contract import Stages
from tests.unit.harness.staged_cells import STAGES_MS, staged_cell, stages


def columns(table: Table) -> dict[str, list[str]]:
    return {column.heading: column.values for column in table.columns}


def test_each_stage_has_its_time_and_its_share_and_the_call_stands_beside_the_headline() -> None:
    (table,) = stage_tables([staged_cell()])
    shown = columns(table)
    assert shown["Stage"] == [*STAGES_MS, "the model's call", "as measured"]
    assert shown["ms"][3] == "20.20" and shown["95 % interval"][3] == "20.00 to 20.40"
    assert shown["CPU ms"][3] == "40.40" and shown["share"][3] == "70.2 %"
    assert shown["ms"][-2:] == ["25.75", "25.50"]  # decoding and copies are no part of the call
    assert any("12 iterations, whose stages sum to 99.0 to 99.0 % of each" in note for note in table.notes)


def test_series_stand_beside_each_other_aligned_by_stage() -> None:
    other = {"decode": 3.0, "backbone": 60.0, "FPN": 2.0}
    cells = [staged_cell(), staged_cell(environment="cpu-debian13", known=stages(other))]
    (table,) = stage_tables(cells)
    shown = columns(table)
    (here, there) = (values for heading, values in shown.items() if heading.endswith(": ms"))
    assert shown["Stage"][:6] == ["decode", "copy in", "resize", "backbone", "FPN", "detections NMS"]
    assert here[4] == GAP and there[4] == "2.02" and there[2] == GAP
    assert tables_of(cells, published=False)[-1] == table


@pytest.mark.parametrize("reason", ["it is not built as torchvision's detectors are", None])
def test_what_is_not_known_has_its_reason(reason: str | None) -> None:
    cell = staged_cell(known=stages(reason=reason)) if reason else staged_cell(lacking="the pass failed: no more")
    (table,) = stage_tables([cell])
    expected = f"the call is one stage, the remainder: {reason}" if reason else "the pass failed: no more"
    assert any(expected in note for note in table.notes)


def test_where_nobody_asked_there_is_no_table_no_row_and_no_chart() -> None:
    plain = staged_cell()
    latency = plain.result.latency
    assert latency
    unasked = replace(plain, result=replace(plain.result, latency=replace(latency, stages=None)))
    assert stage_tables([unasked]) == []
    assert not [row for row in figures(unasked, assessed(unasked.result)) if str(row.metric).startswith("stage_")]
    assert "stages" not in {chart.name for chart in charts([unasked], timings_of([unasked]), published=False)}


def test_tidy_rows_have_wall_and_cpu_time_by_stage() -> None:
    cell = staged_cell()
    rows = {row.metric: row for row in figures(cell, assessed(cell.result))}
    nms = rows["stage_detections_nms"]
    assert (nms.value, nms.low, nms.high) == pytest.approx((1.01, 1.0, 1.02)) and (nms.unit, nms.n) == ("ms", 12)
    assert rows["stage_backbone_cpu"].value == pytest.approx(40.4)
    assert rows["stage_call"].value == pytest.approx(25.755)


def test_a_device_tells_its_own_time_and_processes_are_averaged() -> None:
    twice = stages({name: 2 * ms for name, ms in STAGES_MS.items()})
    known = stage_figures([stages(), twice])
    assert known and known.iterations == 24
    backbone = next(each for each in known.stages if each.name == "backbone")
    assert backbone.ms == pytest.approx(1.5 * 20.2)
    assert (backbone.low_ms, backbone.high_ms) == pytest.approx((20.0, 40.8))
    assert sum(each.share for each in known.stages) == pytest.approx(1)
    on_device = stage_figures([stages(device=True)])
    assert on_device and on_device.call.ms == pytest.approx(2 * 25.755)


def test_a_pass_without_iterations_has_no_figures() -> None:
    assert stage_figures([Stages([], [], [], [])]) is None


def test_the_page_has_a_bar_for_each_environment_below_each_stage() -> None:
    cells = [staged_cell(), staged_cell(environment="cpu-debian13", known=stages({"decode": 3.0, "backbone": 60.0}))]
    timings = timings_of(cells)
    (chart,) = (each for each in charts(cells, timings, published=False) if each.name == "stages")
    here, there = (timing.label for timing in timings)
    assert chart.title == f"Of an iteration of SSD300 VGG16, backbone takes most: 70 % in {here} and 95 % in {there}"
    bars = [(row["group"], row["label"]) for row in chart.rows if row["heading"] is None]
    assert bars[:2] == [("decode", here), ("decode", there)]
    assert ("backbone", there) in bars and ("resize", there) not in bars
    assert "copy in" not in {stage for stage, _ in bars}  # it takes nothing
