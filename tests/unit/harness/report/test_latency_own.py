"""Detectors of people's own in the table: beside the others, and never two folders' as one."""

from dataclasses import replace

from harness.agreement.compare import agreement, tally
from harness.agreement.sides import sides_of
from harness.analysis.labels import conflicts
from harness.analysis.series import latency_series
from harness.analysis.timings import timings_of
from harness.documents.agreement import PassName, Tolerances, Verdict
from harness.documents.run_folder import Cell
from harness.report.latency import latency_table
from harness.report.table import Form, Table
from harness.text import GAP
from runner.contract import Code, Failure, ModelSpec, Weights
from runner.contract.code import builder_of
from tests.samples import execution, job, ok_result


def own(digit: str, wall_ms: float, kind: str = "own") -> Cell:
    code = Code("mine", "f", digit * 64)
    weights = Weights("own") if kind == "own" else Weights("file", file="w", sha256="9" * 64)
    of = replace(job(), model=ModelSpec(builder_of(code), weights, None, code))
    return Cell(of, ok_result(of, wall_ms=wall_ms, makes=["boxes"]), execution(of))


def as_csv(cells: list[Cell], *, with_published: bool = False) -> Table:
    return latency_table(cells, with_published=with_published).of(Form.CSV)


def catalogued() -> Cell:
    return Cell(job(), ok_result(job()), execution(job()))


def test_two_folders_are_two_rows() -> None:
    cells = [own("a", 10.0), own("b", 20.0)]
    table = as_csv(cells)
    assert table.rows == [["mine:f (aaaaaaaaaaaa)", "10.00", "7.0"], ["mine:f (bbbbbbbbbbbb)", "20.00", "7.0"]]
    assert [timing.model.display for timing in timings_of(cells)] == ["mine:f (aaaaaaaaaaaa)", "mine:f (bbbbbbbbbbbb)"]


def test_one_folder_is_called_by_its_function_with_the_hash_in_a_note() -> None:
    table = as_csv([own("a", 10.0)], with_published=True)
    assert table.rows == [["mine:f", "10.00", "7.0", *[GAP] * 5]]
    assert "mine:f: no model of torchvision's, but own code, aaaaaaaaaaaa" in table.notes


def agreed(cell: Cell, verdict: Verdict) -> Cell:
    """Return a detection pass beside a timed cell, which detects as another does."""
    name = PassName("run", "cell", "cuda11.8")
    found = tally([], sides_of(cell, cell), Tolerances())
    judged = agreement(found, cell.job, name, name, Tolerances(), [])
    return replace(cell, agreement=replace(judged, verdict=verdict))


def test_it_stands_in_the_column_of_catalogued_models_and_contradicts_none() -> None:
    cells = [agreed(own("a", 20.0), "equal"), agreed(catalogued(), "identical")]
    table = as_csv(cells)
    assert table.headings == [
        "Model",
        "cuda10.2 · AMD EPYC 7B12, 2 cores (ms)",
        "detections / image",
        "detects as cuda11.8 of run?",
    ]
    assert table.rows == [["SSD300 VGG16", "10.00", "7.0", "identical"], ["mine:f", "20.00", "7.0", "equal"]]
    assert conflicts(map(latency_series, cells)) == []


def test_beside_two_kinds_of_weights_it_has_a_column_of_its_own() -> None:
    pretrained = replace(job(), model=replace(job().model, weights=Weights("pretrained")))
    others = [catalogued(), Cell(pretrained, ok_result(pretrained, weights_sha256="c" * 64), execution(pretrained))]
    headings = as_csv([own("a", 10.0), *others]).headings
    assert [heading.split(" · ")[-1] for heading in headings if heading.endswith("(ms)")] == [
        "own weights (ms)",
        "random weights (ms)",
        "pretrained weights (ms)",
    ]


def test_one_that_failed_stands_there_as_well() -> None:
    measured, failure = own("a", 10.0), Failure("ValueError", "mine:f raised ValueError", "mend it", "model")
    result = replace(measured.result, status="failed", failure=failure, latency=None, hardware=None)
    table = as_csv([replace(measured, result=result), catalogued()])
    assert table.rows == [["SSD300 VGG16", "10.00", "7.0"], ["mine:f", GAP, GAP]]


def test_one_folder_with_other_weights_is_labelled() -> None:
    headings = as_csv([own("a", 10.0), own("a", 20.0, kind="file")]).headings
    assert [heading.split(" · ")[-1] for heading in headings if heading.endswith("(ms)")] == [
        "own weights (ms)",
        "file 999999 weights (ms)",
    ]
