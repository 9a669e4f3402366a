from dataclasses import replace

from harness.analysis.tidy_figure import TidyFigure
from harness.analysis.work import UNKNOWN, Worked, over_repeats, work_rows, worked
from runner.contract import Work
from tests.samples import latency


def test_operations_are_a_mean_over_the_inputs() -> None:
    assert worked(Work(5, [1, 2, 6])) == Worked(5, 3.0)
    assert worked(Work(5, None, "why")) == Worked(5, None)
    assert worked(None) == UNKNOWN


def test_over_repeats_only_what_all_of_them_know_is_known() -> None:
    assert over_repeats([Worked(5, 3.0), Worked(5, 4.0)]) == Worked(5, 3.5)
    assert over_repeats([Worked(5, 3.0), Worked(5, None)]) == Worked(5, None)
    assert over_repeats([Worked(5, 3.0), UNKNOWN]) == UNKNOWN


def test_the_tidy_table_has_both_with_their_units() -> None:
    counted = replace(latency([1.0]), work=Work(5, [1, 2, 6]))
    parameters = TidyFigure("parameters", value=5.0, unit="1")
    assert list(work_rows(counted)) == [parameters, TidyFigure("flops_per_image", value=3.0, unit="FLOP", n=3)]
    assert list(work_rows(replace(counted, work=Work(5, None, "why")))) == [parameters]
    assert list(work_rows(latency([1.0]))) == []
