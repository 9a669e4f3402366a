"""A measurement that nothing tells the pins of is not pinned, wherever pins count."""

from dataclasses import replace

from harness.analysis.pins import UNTOLD, deviations, pinned
from harness.analysis.series import latency_series
from harness.analysis.timed import stack_of
from harness.documents.run_folder import Cell
from harness.report.describe import software
from harness.report.page.cards import environment_cards
from tests.samples import execution, job, ok_result

MEASURED = Cell(job(), ok_result(job()), execution(job()))
UNKNOWN = replace(MEASURED, execution=None)
NOT_RUN = replace(UNKNOWN, result=replace(MEASURED.result, software=None, latency=None, status="skipped"))


def test_without_its_execution_a_measurement_is_not_pinned() -> None:
    assert [pinned(cell) for cell in (MEASURED, UNKNOWN, NOT_RUN)] == [True, False, None]
    assert [deviations(cell) for cell in (MEASURED, UNKNOWN, NOT_RUN)] == [[], [UNTOLD], []]


def test_the_page_says_so() -> None:
    assert [card.deviations for card in environment_cards([UNKNOWN])] == [[UNTOLD]]


def test_the_tables_say_so_and_keep_it_apart() -> None:
    assert f"not pinned ({UNTOLD})" in software([stack_of(UNKNOWN)])
    assert latency_series(MEASURED).pinned
    assert not latency_series(UNKNOWN).pinned
    assert latency_series(NOT_RUN).pinned  # it joins what its model's row has
