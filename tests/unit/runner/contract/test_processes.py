import math

import pytest
from scipy.stats import t

from runner.contract.processes import enough_processes, over_processes


def test_the_interval_is_students_over_the_logarithms() -> None:
    over = over_processes([100.0, 102.0, 104.0])
    assert over.figure == pytest.approx((100 * 102 * 104) ** (1 / 3))
    logs = [math.log(ms) for ms in (100, 102, 104)]
    mean = sum(logs) / 3
    error = (sum((log - mean) ** 2 for log in logs) / 2 / 3) ** 0.5
    assert over.half_width == pytest.approx(math.exp(t.ppf(0.975, 2) * error) - 1, abs=1e-6)


def test_an_interval_over_a_part_of_those_planned_misses_as_much_more_seldom() -> None:
    figures = [100.0, 102.0, 104.0]
    logs = [math.log(ms) for ms in figures]
    error = (sum((log - sum(logs) / 3) ** 2 for log in logs) / 2 / 3) ** 0.5
    assert over_processes(figures, 5).half_width == pytest.approx(math.exp(t.ppf(0.985, 2) * error) - 1, abs=1e-6)
    assert over_processes(figures, 3) == over_processes(figures) == over_processes(figures, 2)


def test_repeats_end_sooner_where_fewer_are_planned() -> None:
    figures = [100.0, 101.0, 102.0]
    assert enough_processes(figures, 0.025, planned=3)
    assert not enough_processes(figures, 0.025, planned=5)


def test_one_process_has_no_interval() -> None:
    assert over_processes([100.0]).half_width is None


@pytest.mark.parametrize(
    ("medians", "enough"),
    [([100.0], False), ([100.0, 100.0], False), ([100.0, 100.5, 101.0], True), ([100.0, 104.0, 108.0], False)],
)
def test_repeats_end_from_three_on_once_they_agree(medians: list[float], enough: bool) -> None:
    assert enough_processes(medians, 0.03) is enough
