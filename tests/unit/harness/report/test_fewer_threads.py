from dataclasses import replace

import pytest

from harness.documents.run_folder import Cell
from harness.report.latency import latency_table
from runner.contract import Failure, Variant
from tests.samples import execution, job, latency, ok_result, software

SSD, LITE = "SSD300 VGG16", "SSDlite320 MobileNetV3-Large"
BUILDERS = {SSD: "ssd300_vgg16", LITE: "ssdlite320_mobilenet_v3_large"}
#: Twelve samples whose median has an interval of about a tenth of it.
SPREAD = [0.95, 1.0, 1.05, 1.0] * 3


def timed(threads: int, ms: float, model: str = LITE, *, samples: int = 12, environment: str = "local") -> Cell:
    of = job(BUILDERS[model], environment, variant=Variant(threads=threads))
    times = latency([ms * each for each in SPREAD[:samples]])
    return Cell(of, ok_result(of, software=software(threads=threads), latency=times), execution(of))


def said(*cells: Cell) -> list[str]:
    return [note for note in latency_table(cells).notes if "faster with" in note]


def test_fewer_threads_that_are_faster_are_said() -> None:
    assert said(timed(1, 20.0), timed(2, 15.0), timed(4, 40.0)) == [f"local: faster with 2 threads than with 4: {LITE}"]
    assert said(timed(1, 10.0), timed(2, 15.0)) == [f"local: faster with 1 thread than with 2: {LITE}"]


def test_models_of_which_the_same_is_true_are_said_at_once() -> None:
    cells = [timed(n, ms, model) for model in (SSD, LITE) for n, ms in ((1, 10.0), (2, 20.0))]
    assert said(*cells) == [f"local: faster with 1 thread than with 2: {SSD}, {LITE}"]


def test_each_environment_has_its_own() -> None:
    cells = [timed(1, 10.0, environment="cuda10.2"), timed(2, 20.0, environment="cuda10.2")]
    assert said(*cells, timed(1, 20.0), timed(2, 10.0)) == [f"cuda10.2: faster with 1 thread than with 2: {LITE}"]
    assert said(timed(1, 10.0, environment="cuda10.2"), timed(2, 20.0)) == []


@pytest.mark.parametrize("two", [8.0, 10.2])
def test_where_more_threads_are_faster_or_as_fast_nothing_is_said(two: float) -> None:
    assert said(timed(1, 10.0), timed(2, two)) == []


def test_without_intervals_the_figures_decide() -> None:
    assert said(timed(1, 10.0, samples=2), timed(2, 11.0, samples=2)) == [
        f"local: faster with 1 thread than with 2: {LITE}"
    ]


def test_a_step_that_failed_is_told_of_its_own_number_of_threads() -> None:
    cell = timed(2, 10.0)
    failure = Failure("TimedOut", "the cell took too long", "take fewer", "infrastructure")
    lost = replace(cell.result, status="timed_out", software=None, hardware=None, latency=None, failure=failure)
    table = latency_table([timed(1, 10.0), replace(cell, result=lost), timed(2, 9.0, SSD)])
    (note,) = (note for note in table.notes if "took too long" in note)
    assert "threads: 2" in note
