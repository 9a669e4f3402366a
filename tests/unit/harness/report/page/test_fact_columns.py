"""The head table says what a model is made of and what it was given, where anything is known of it."""

from dataclasses import replace

import pytest

from harness.analysis.timings import timings_of
from harness.catalogue import models
from harness.documents.agreement import VERDICTS
from harness.documents.run_folder import Cell
from harness.report.latency_columns import FLOPS
from harness.report.page.entry import Entry
from harness.report.page.fact_columns import INPUT, fact_columns
from harness.report.page.head_table import head_table
from harness.text import GAP
from runner.contract import Content, Work
from tests.unit.harness.page_cells import scored, timed

BUILDER = "fasterrcnn_resnet50_fpn"
PUBLISHED = models()[BUILDER].published_flops
TIMES = "\N{MULTIPLICATION SIGN}"


def known(cell: Cell, work: Work | None, *contents: Content) -> Cell:
    assert cell.result.latency
    latency = replace(cell.result.latency, work=work, contents=list(contents) or None)
    return replace(cell, result=replace(cell.result, latency=latency))


def content(height: int, width: int, padded: int) -> Content:
    return Content(f"{height}", 7, resized_height=height, resized_width=width, padded_pixels=padded)


def columns(*cells: Cell) -> dict[str, list[Entry]]:
    return fact_columns(timings_of(list(cells)))


def test_parameters_and_operations_stand_beside_what_torchvision_publishes() -> None:
    counted = Work(41755286, [int(PUBLISHED * 0.7), int(PUBLISHED * 0.8)])
    found = columns(known(timed(BUILDER), counted))
    assert list(found) == ["parameters, M", FLOPS]
    assert found["parameters, M"] == [Entry("41.8", 41755286)]
    (entry,) = found[FLOPS]
    assert (entry.text, entry.below) == ("202", "torchvision 269, -25 %")
    assert entry.key == pytest.approx(PUBLISHED * 0.75)


@pytest.mark.parametrize(("share", "said"), [(1.001, "torchvision 269"), (1.5, "torchvision 269, +50 %")])
def test_a_difference_is_said_where_there_is_one(share: float, said: str) -> None:
    (entry,) = columns(known(timed(BUILDER), Work(None, [int(PUBLISHED * share)])))[FLOPS]
    assert entry.below == said


def test_the_input_is_what_the_model_made_of_the_pictures() -> None:
    several, one = columns(
        known(timed("ssd300_vgg16"), None, content(300, 300, 0), content(300, 300, 0)),
        known(timed(BUILDER), None, content(800, 1088, 0), content(690, 1333, 700)),
    )[INPUT]
    assert one == Entry(f"300 {TIMES} 300", 0.09)  # the catalogue has it behind the other
    assert several.text == f"800 {TIMES} 1088 to 690 {TIMES} 1333"
    assert several.below == "mean 0.895 megapixels"


def test_the_agreement_is_a_word_that_sorts_from_the_best_to_the_worst() -> None:
    cells = [timed(BUILDER), scored(BUILDER, ap=37.0, verdict="different")]
    (entry,) = columns(*cells)["agreement"]
    assert (entry.text, entry.key, entry.below) == ("different", VERDICTS.index("different"), "with cpu")


def test_what_is_known_of_no_model_has_no_column() -> None:
    assert columns(timed(BUILDER)) == {}
    assert columns(known(timed(BUILDER), Work(None, None, "why"), Content("a", 7, missing_reason="why"))) == {}


def test_a_model_of_which_nothing_is_known_has_a_gap_in_its_place() -> None:
    cells = [timed(BUILDER), known(timed("ssdlite320_mobilenet_v3_large"), Work(3440060, [1_200_000_000]))]
    table = head_table(cells, timings_of(cells), published=False)
    place = table.numbers.index(FLOPS) + len(table.texts)
    fastest, slowest = (line.entries[place] for line in table.lines)
    assert (fastest.text, slowest) == ("1.20", Entry(GAP, None))
    assert f"512 {TIMES} 512" in table.of_flops
    assert head_table(cells[:1], timings_of(cells[:1]), published=False).of_flops == ""
    assert {len(line.entries) for line in table.lines} == {len(table.texts) + len(table.numbers)}


def test_an_ap_has_its_interval_where_it_has_one() -> None:
    cells = [timed(BUILDER), scored(BUILDER, ap=37.0), timed("ssdlite320_mobilenet_v3_large")]
    table = head_table(cells, timings_of(cells), published=True)
    place = table.numbers.index("AP of boxes, %") + len(table.texts)
    lite, faster = (line.entries[place] for line in table.lines)
    assert faster.text == "37.0" and faster.key == pytest.approx(37.0)
    assert faster.below.startswith("35.8 to 38.3, measured on coco-val2017, 500 images")
    assert (lite.text, lite.below) == ("21.3", "torchvision's")
