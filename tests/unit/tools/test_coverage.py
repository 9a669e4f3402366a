"""The tables of docs/statistics.md are of these sources, and a part of them comes out again."""

import pytest

from tools import coverage, write_coverage


def test_the_tables_are_of_these_sources() -> None:
    text = write_coverage.PAGE.read_text(encoding="utf-8")
    assert f"<!-- sources {coverage.fingerprint()} -->" in text, (
        "write them anew, some minutes: python -m tools.write_coverage"
    )
    for scenario in coverage.SCENARIOS:
        assert f"| {scenario.name} |" in text


def simulated(number: int, trials: int) -> coverage.Row:
    return coverage.row_of(number, coverage.drawn(number, 0, trials))


NAMES = [scenario.name for scenario in coverage.SCENARIOS]
PICTURES = [i for i, name in enumerate(NAMES) if name.startswith("11 pictures") and "15 %" in name and "φ" not in name]


@pytest.mark.parametrize("number", [0, 1, 3, 4, *PICTURES])
def test_the_interval_of_a_stopped_measurement_holds_about_as_often_as_it_says(number: int) -> None:
    row = simulated(number, 40)
    assert row.verdicts == 1.0
    assert row.covered is not None
    assert row.covered >= 0.85  # 95 % less three standard errors


def test_a_trend_has_no_verdict() -> None:
    (number,) = (i for i, scenario in enumerate(coverage.SCENARIOS) if "0.05 %" in scenario.name)
    assert simulated(number, 10).verdicts == 0.0


def test_the_end_of_warm_up_is_where_it_is() -> None:
    steps = [i for i, scenario in enumerate(coverage.SCENARIOS) if scenario.step]
    assert all((simulated(number, 20).begins or 0.0) >= 0.9 for number in steps)


def test_three_processes_hold_as_often_as_they_say() -> None:
    held, used = coverage.processes(0.03, 3, early=False, trials=1000)
    assert used == 3
    assert 0.93 <= held <= 0.97


def test_so_do_as_many_as_it_took_for_the_precision() -> None:
    held, used = coverage.processes(0.03, 5, early=True, trials=1000)
    assert 3 < used < 5
    assert 0.92 <= held <= 0.97
