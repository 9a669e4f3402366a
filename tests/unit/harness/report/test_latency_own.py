"""Detectors of people's own in the table: beside the others, and never two folders' as one."""

from dataclasses import replace

from harness.analysis.labels import conflicts
from harness.analysis.series import latency_series
from harness.analysis.timings import timings_of
from harness.documents.run_folder import Cell
from harness.report.latency import latency_table
from harness.text import GAP
from runner.contract import Code, ModelSpec, Weights
from runner.contract.code import builder_of
from tests.samples import execution, job, ok_result


def own(digit: str, wall_ms: float, kind: str = "own") -> Cell:
    code = Code("mine", "f", digit * 64)
    weights = Weights("own") if kind == "own" else Weights("file", file="w", sha256="9" * 64)
    of = replace(job(), model=ModelSpec(builder_of(code), weights, None, code))
    return Cell(of, ok_result(of, wall_ms=wall_ms, makes=["boxes"]), execution(of))


def catalogued() -> Cell:
    return Cell(job(), ok_result(job()), execution(job()))


def test_two_folders_are_two_rows() -> None:
    cells = [own("a", 10.0), own("b", 20.0)]
    table = latency_table(cells)
    assert table.rows == [["mine:f (aaaaaaaaaaaa)", "10.00", "7.0"], ["mine:f (bbbbbbbbbbbb)", "20.00", "7.0"]]
    assert [timing.model.display for timing in timings_of(cells)] == ["mine:f (aaaaaaaaaaaa)", "mine:f (bbbbbbbbbbbb)"]


def test_one_folder_is_called_by_its_function_with_the_hash_in_a_note() -> None:
    table = latency_table([own("a", 10.0)], with_published=True)
    assert table.rows == [["mine:f", "10.00", "7.0", *[GAP] * 5]]
    assert "mine:f: no model of torchvision's, but own code, aaaaaaaaaaaa" in table.notes


def test_its_own_weights_have_a_label_and_contradict_none() -> None:
    cells = [own("a", 10.0), catalogued()]
    headings = latency_table(cells).headings
    assert [heading for heading in headings if heading.endswith("weights (ms)")] == [
        "cuda10.2 · AMD EPYC 7B12, 2 cores · own weights (ms)",
        "cuda10.2 · AMD EPYC 7B12, 2 cores · random weights (ms)",
    ]
    assert conflicts(map(latency_series, cells)) == []


def test_one_folder_with_other_weights_is_labelled() -> None:
    headings = latency_table([own("a", 10.0), own("a", 20.0, kind="file")]).headings
    assert [heading.split(" · ")[-1] for heading in headings if heading.endswith("(ms)")] == [
        "own weights (ms)",
        "file 999999 weights (ms)",
    ]
