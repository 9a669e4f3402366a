"""The table of verdicts in docs/statistics.md is of these sources, holds what it has to, and a part comes out again."""

from dataclasses import replace

import numpy as np
import pytest

from tools import comparisons, write_comparisons
from tools.write_coverage import NONE, PAGE


def rows() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8")
    lines = text.split(write_comparisons.BEGIN)[1].split(write_comparisons.END)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


def share(text: str) -> float:
    return float(text.removesuffix(" %"))


def test_the_table_is_of_these_sources() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"<!-- compared {comparisons.fingerprint()} -->" in text, (
        "write it anew, a minute: python -m tools.write_comparisons"
    )
    assert len(rows()) == len(comparisons.DESIGNS)


def test_the_table_holds_what_it_has_to() -> None:
    for row in rows():
        processes, deviation, drift, repeats, alarms, found, turned, missed = row[:8]
        if (processes, drift) != ("unpaired", "yes"):  # which no method can tell from a difference
            assert 3.0 <= share(alarms) <= 6.0, row
        assert share(turned) <= 0.5, row
        assert share(missed) <= 0.5, row
        if (processes, deviation, repeats) == ("paired", "1 %", "5"):
            assert share(found) >= 90.0, row


def test_repeats_are_foretold_within_a_factor_of_two_where_the_variance_is_known_well_enough() -> None:
    told = [row for row in rows() if row[8] != NONE]
    assert len(told) >= 15
    for row in told:
        poorly = row[3] == "3" or (row[0], row[3]) == ("paired", "5")
        if not poorly or (row[1], row[2]) == ("1 %", "no"):
            assert share(row[8]) >= 80.0, row


@pytest.mark.parametrize("number", [1, 7, 13])
def test_false_alarms_are_as_frequent_as_they_may_be(number: int) -> None:
    row = comparisons.simulated(number, trials=300)
    assert row.alarms <= 0.09  # 5 % and three standard errors
    assert row.reversed <= 0.02
    assert row.missed <= 0.02


def test_a_drift_makes_rounds_that_are_none_differ() -> None:
    number = next(i for i, one in enumerate(comparisons.DESIGNS) if one.drifts and not one.paired and one.repeats == 10)
    assert comparisons.simulated(number, trials=100).alarms > 0.5
    a, b = comparisons.DESIGNS[number].drawn(0.0, np.random.default_rng(0))
    assert b.mean() - a.mean() > 0.01


def test_what_is_needed_is_what_settles_it_for_sure() -> None:
    for design in comparisons.DESIGNS:
        needed = comparisons._needed(design)
        assert comparisons._settled_for_sure(replace(design, repeats=needed))
        assert not comparisons._settled_for_sure(replace(design, repeats=needed - 1))
