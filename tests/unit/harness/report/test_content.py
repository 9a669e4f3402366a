"""Content in the long table, in tidy rows and on the page."""

from dataclasses import replace

import pytest

from harness.analysis.assessed import assessed
from harness.analysis.huber import Slope
from harness.analysis.tidy_rows import figures
from harness.analysis.timings import timings_of
from harness.report import render
from harness.report.content import content_tables, estimated
from harness.report.page import charts, findings
from harness.report.table import Form, Table
from harness.report.tables import tables_of
from harness.text import GAP
from tests.samples import job, ok_result
from tests.unit.harness.content_cells import content_cell

CELLS = [content_cell(), content_cell("fasterrcnn_mobilenet_v3_large_320_fpn", proposals=150)]


def columns(table: Table) -> dict[str, list[str]]:
    return {column.heading: column.values for column in table.columns}


def test_a_model_has_what_its_pictures_hold_and_what_goes_with_that() -> None:
    (table,) = content_tables(CELLS)
    shown = columns(table)
    which = shown["Model"].index("SSD300 VGG16")
    assert shown["pictures"] == ["11", "11"]
    assert shown["detections"][which] == "0 to 100"
    assert shown["candidates"][which] == "9 to 309"
    assert sorted(shown["proposals"]) == sorted(["150 to 160", GAP])
    assert shown["ms a detection"][which].startswith("0.5 (")
    assert shown["ms at 10 detections"][which].startswith("45")
    assert shown["ms a computed megapixel"][which] == GAP
    assert shown["explained"][which] == "100 %"
    assert any("the model resizes and pads every picture to 0.09 megapixels" in note for note in table.notes)
    assert any(note.endswith("the model has one stage, and no proposals") for note in table.notes)


def test_it_stands_in_full_alone() -> None:
    tables = tables_of(CELLS, published=False)
    (table,) = content_tables(CELLS)
    assert table in tables
    assert [each.stands_in(Form.SHORT) for each in tables] == [True, False]
    assert [each.stands_in(Form.CSV) for each in tables] == [True, False]
    assert "Latency against content" in render.markdown(table)
    assert "ms a detection" in render.csv_text(table)


def test_without_a_line_there_is_a_reason() -> None:
    (few,) = content_tables([content_cell(detections=[1, 2, 3])])
    assert columns(few)["ms a detection"] == columns(few)["explained"] == [GAP]
    assert any("no lines: 3 pictures are too few for a line: it takes 5" in note for note in few.notes)
    (alike,) = content_tables([content_cell(detections=[7] * 11)])
    assert any("every picture has 7 detections" in note for note in alike.notes)
    (unseen,) = content_tables([content_cell(reason="it is not built as torchvision's detectors are")])
    assert any("not looked at: it is not built as torchvision's detectors are" in note for note in unseen.notes)


def test_what_an_early_version_measured_has_no_table() -> None:
    of = job()
    assert content_tables([replace(CELLS[0], job=of, result=ok_result(of))]) == []


def test_pictures_whose_detections_vary_are_named() -> None:
    latency = CELLS[0].result.latency
    assert latency
    counts = [*latency.samples.detections]
    counts[2] += 1
    varying = replace(latency, samples=replace(latency.samples, detections=counts))
    (table,) = content_tables([replace(CELLS[0], result=replace(CELLS[0].result, latency=varying))])
    assert any("detections differ from sample to sample in 1 picture (2.jpg)" in note for note in table.notes)


def test_tidy_rows_have_the_lines_with_their_intervals_and_the_counts() -> None:
    rows = {row.metric: row for row in figures(CELLS[1], assessed(CELLS[1].result))}
    line = rows["latency_per_detection"]
    assert line.low is not None and line.high is not None and line.value is not None
    assert line.low < 0.5 < line.high and (line.unit, line.n) == ("ms", 11)
    assert rows["latency_at_100_detections"].value == pytest.approx(90, rel=0.01)
    assert rows["proposals_per_image"].value == 155
    assert rows["computed_megapixels_per_image"].value == 0.09
    assert rows["explained_by_content"].value == pytest.approx(1, abs=0.01)
    assert rows["explained_by_content"].n == 44
    assert "latency_per_computed_megapixel" not in rows


def test_the_page_draws_what_a_detection_costs_and_says_it() -> None:
    timings = timings_of(CELLS)
    (chart,) = (chart for chart in charts(CELLS, timings, published=False) if chart.name == "content")
    assert chart.title.startswith("Latency is seen to grow with detections: 0.50 ms each in ")
    assert {row["label"] for row in chart.rows if row["heading"] is None} == {timings[0].label}
    assert findings.by_detections(timings[0]).endswith("0.50 ms longer with each detection (0.50 to 0.50)")
    alike = timings_of([content_cell(detections=[7] * 11)])
    assert not [chart for chart in charts([], alike, published=False) if chart.name == "content"]


def test_a_cost_that_is_not_seen_is_not_said_to_be() -> None:
    (timing,) = timings_of([CELLS[0]])
    assert findings.costs([(timing, Slope(0.1, -0.2, 0.4))]) == (
        "No latency is seen to grow with the number of detections"
    )
    assert findings.costs([(timing, Slope(0.1, -0.2, 0.4)), (timing, Slope(0.2, 0.1, 0.3))]) == (
        f"Latency is seen to grow with detections in 1 of 2 lines: 0.20 ms each in {timing.model.display}"
    )


def test_a_figure_has_its_interval_beside_it() -> None:
    assert estimated(Slope(1.2345, 1.0, 1.5)) == "1.23 (1 to 1.5)"
    assert estimated(Slope(1302.0, -11.26, 3756.4)) == "1302 (-11.3 to 3756)"
