from dataclasses import replace

import pytest

from harness.analysis import comparison
from harness.analysis.comparison import Asked
from harness.analysis.process import Processes
from harness.analysis.timings import timings_of
from harness.catalogue import protocols
from harness.documents.agreement import PassName
from harness.documents.comparison import SideName
from harness.documents.run_folder import Cell
from harness.report.page import pairs
from harness.report.page.pairs import SeriesPair, compared_pairs
from harness.text import GAP
from tests.unit.harness.agreements import portion
from tests.unit.harness.page_cells import PUBLISHED, repeated, scored, threaded, timed

MODELS = PUBLISHED[4:6]


def sides(*environments: str) -> list[Cell]:
    return [cell for name in environments for model in MODELS for cell in repeated(model, name)]


def found(cells: list[Cell]) -> list[SeriesPair]:
    return compared_pairs(cells, timings_of(cells))


def test_a_pair_says_what_compare_says_of_the_same_cells() -> None:
    cells = sides("cuda10.2", "cpu")
    [pair] = found(cells)
    made = [
        [process for cell in cells if (process := Processes().of(cell, "")) and cell.job.environment == name]
        for name in ("cuda10.2", "cpu")
    ]
    expected = comparison.compare((SideName("a"), SideName("b")), made[0], made[1], [], Asked())
    *_, table = pair["tables"]
    assert table["headings"][:2] == ["Model", "A ms"]
    verdict = table["headings"].index("by wall time")
    assert [row[verdict] for row in table["rows"]][:2] == [each.wall.verdict for each in expected.models]
    assert pair["headline"] == "B beside A by wall time, within 3 %: 2 faster"
    assert (pair["a"], pair["b"], pair["reason"]) == (0, 1, "")


def test_what_was_not_alike_stands_before_the_verdicts() -> None:
    [pair] = found(sides("cuda10.2", "cpu"))
    first = pair["tables"][0]
    assert first["title"] == "Not alike"
    assert ["environment", "cuda10.2", "cpu"] in first["rows"]


def test_what_was_found_of_detections_is_told_where_the_passes_are_of_these_two() -> None:
    reference = scored(MODELS[0], "cuda10.2", ap=37)
    other = scored(MODELS[0], "cpu", ap=37, verdict="different")
    assert other.agreement
    name = PassName("", reference.job.cell, "cuda10.2")
    known = replace(other, agreement=replace(other.agreement, reference=name, parts=[portion("resize")]))
    [pair] = found([*sides("cuda10.2", "cpu"), reference, known])
    table = pair["tables"][-1]
    assert [row[table["headings"].index("detects")] for row in table["rows"]] == ["different: resize", GAP, GAP]
    assert any("resized to another size" in note for note in table["notes"])
    [pair] = found([*sides("cuda10.2", "cpu"), reference, other])
    assert "detects" not in pair["tables"][-1]["headings"]


def test_of_a_single_process_the_reason_is_said() -> None:
    [pair] = found([timed(PUBLISHED[0], "cpu"), timed(PUBLISHED[0], "cuda10.2")])
    assert pair["tables"] == []
    assert pair["reason"].startswith("Nothing can be compared: Faster R-CNN ResNet-50 FPN: one process in A")


def test_of_two_protocols_the_reason_is_said() -> None:
    [pair] = found([*sides("cpu"), *(renamed(cell) for cell in sides("cpu"))])
    assert pair["reason"].startswith("Not comparable: protocol (quick-1 | published-2021)")


def renamed(cell: Cell) -> Cell:
    """Return the cell as if another protocol had measured it."""
    job = replace(cell.job, cell=f"another--{cell.job.cell}", protocol=protocols()["published-2021"])
    return replace(cell, job=job, result=replace(cell.result, job=job))


def test_pairs_beyond_the_most_are_left_out_those_that_differ_in_more_than_the_environment_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairs, "MOST_PAIRS", 2)
    threads = [threaded(cell, 1) for cell in sides("cuda10.2", "cpu")]
    kept = found([*sides("cuda10.2", "cpu"), *threads])
    timings = {timing.number: timing.series for timing in timings_of([*sides("cuda10.2", "cpu"), *threads])}
    assert len(kept) == 2
    assert all(timings[pair["a"]].environment != timings[pair["b"]].environment for pair in kept)
    assert all(timings[pair["a"]].without_stack == timings[pair["b"]].without_stack for pair in kept)


def test_one_series_has_nobody_to_compare_with() -> None:
    assert found(sides("cpu")) == []
