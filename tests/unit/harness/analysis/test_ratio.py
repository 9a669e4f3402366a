"""The ratio of two sets of processes beside SciPy's tests; what is said of it, and what would settle it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.ratio import (
    Ratio,
    by_round,
    holm,
    more_repeats,
    overall,
    p_different,
    p_equivalent,
    p_value,
    paired,
    unpaired,
    verdict,
    verdicts,
)

RNG = np.random.default_rng(7)
A, B = RNG.normal(4.0, 0.02, 6), RNG.normal(4.02, 0.03, 6)
LIMIT = math.log1p(0.03)


def ends(ratio: Ratio) -> list[float]:
    return [math.log(end) for end in (ratio.low, ratio.high, ratio.narrow_low, ratio.narrow_high)]


def test_paired_is_student_s_t_of_the_differences_by_round() -> None:
    ratio, by_scipy = paired(A, B), stats.ttest_rel(B, A)
    wide, narrow = by_scipy.confidence_interval(0.95), by_scipy.confidence_interval(0.90)
    assert ends(ratio) == pytest.approx([wide.low, wide.high, narrow.low, narrow.high])
    assert (ratio.degrees, ratio.paired, ratio.processes) == (5, True, (6, 6))
    assert ratio.value == pytest.approx(math.exp(np.mean(B) - np.mean(A)))
    assert p_different(ratio) == pytest.approx(by_scipy.pvalue)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_unpaired_is_welch_s_t_also_of_unequal_numbers(n: int) -> None:
    ratio, by_scipy = unpaired(A[:n], B), stats.ttest_ind(B, A[:n], equal_var=False)
    wide, narrow = by_scipy.confidence_interval(0.95), by_scipy.confidence_interval(0.90)
    assert ends(ratio) == pytest.approx([wide.low, wide.high, narrow.low, narrow.high])
    assert ratio.degrees == pytest.approx(by_scipy.df)
    assert (ratio.paired, ratio.processes) == (False, (n, 6))
    assert p_different(ratio) == pytest.approx(by_scipy.pvalue)


def test_the_chances_of_a_margin_are_those_of_one_sided_tests_against_its_ends() -> None:
    ratio, differences = paired(A, B), B - A
    above = stats.ttest_1samp(differences, LIMIT, alternative="greater").pvalue
    below_upper = stats.ttest_1samp(differences, LIMIT, alternative="less").pvalue
    above_lower = stats.ttest_1samp(differences, -LIMIT, alternative="greater").pvalue
    assert p_value(ratio, 0.03) == pytest.approx(above)
    assert p_equivalent(ratio, 0.03) == pytest.approx(max(below_upper, above_lower))


def test_a_drift_over_rounds_is_no_difference_where_they_are_paired() -> None:
    drift = np.arange(6) * 0.1
    assert ends(paired(A + drift, B + drift)) == pytest.approx(ends(paired(A, B)))
    assert unpaired(A + drift, B + drift).standard_error > 3 * unpaired(A, B).standard_error


def test_rounds_that_one_side_lacks_are_left_out() -> None:
    a, b = dict(enumerate(A)), dict(enumerate(B))
    del a[1], b[4]
    assert by_round(a, b) == paired(A[[0, 2, 3, 5]], B[[0, 2, 3, 5]])
    with pytest.raises(ValueError, match="two a side, not 1"):
        by_round({1: 0.0, 2: 0.0}, {2: 0.0, 3: 0.0})


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, math.nan]), ([1.0, math.inf], [1.0, 1.0])])
def test_what_has_no_interval_is_refused(a: list[float], b: list[float]) -> None:
    for compared in (paired, unpaired):
        with pytest.raises(ValueError, match=r"two a side|not a number"):
            compared(a, b)


def test_sides_of_unequal_length_have_no_rounds() -> None:
    with pytest.raises(ValueError, match="there are 6 and 5"):
        paired(A, B[:5])


def test_processes_that_do_not_differ_leave_no_doubt() -> None:
    for compared in (paired, unpaired):
        same, slower = compared([1.0] * 2, [1.0] * 2), compared([1.0] * 2, [1.5] * 2)
        assert (same.low, same.value, same.high, same.degrees) == (
            1,
            1,
            1,
            compared([1.0, 1.1], [1.0, 1.2]).degrees // 1,
        )
        assert [verdict(one, 0.03) for one in (same, slower)] == ["equivalent", "slower"]
        assert [p_different(one) for one in (same, slower)] == [1.0, 0.0]
        assert [p_equivalent(one, 0.03) for one in (same, slower)] == [0.0, 1.0]


BASE = paired([0.0, 0.0, 0.0], [0.01, -0.01, 0.0])


def between(low: float, narrow_low: float, narrow_high: float, high: float) -> Ratio:
    return replace(
        BASE, value=math.sqrt(low * high), low=low, narrow_low=narrow_low, narrow_high=narrow_high, high=high
    )


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (between(0.98, 0.985, 1.015, 1.02), "equivalent"),
        (between(1.005, 1.006, 1.02, 1.025), "equivalent"),  # it differs, and not by the margin
        (between(0.98, 0.985, 1.029, 1.031), "equivalent"),
        (between(1.001, 1.005, 1.04, 1.05), "slower"),
        (between(0.95, 0.96, 0.99, 0.999), "faster"),
        (between(0.97, 0.98, 1.04, 1.05), "ambiguous"),
        (between(0.999, 1.001, 1.05, 1.06), "ambiguous"),
        (between(0.96, 0.9708, 1.01, 1.02), "ambiguous"),  # 1 / 1.03 is 0.97087: a margin is the same either way round
    ],
)
def test_the_verdict_follows_from_the_intervals(ratio: Ratio, said: str) -> None:
    assert verdict(ratio, 0.03) == said


def test_a_margin_of_nothing_lets_nothing_be_equivalent() -> None:
    assert verdict(paired([1.0] * 3, [1.0] * 3), 0.0) == "ambiguous"
    assert more_repeats(paired(A, A[::-1]), 0.0) is None
    with pytest.raises(ValueError, match="at least 0"):
        verdict(BASE, -0.01)


logs = st.floats(-0.2, 0.2).map(lambda value: round(value, 4))
sides = st.integers(2, 8).flatmap(lambda n: st.tuples(*[st.lists(logs, min_size=n, max_size=n)] * 2))


@settings(max_examples=60, deadline=None)
@given(sides)
def test_either_way_round_it_is_the_same(two: tuple[list[float], list[float]]) -> None:
    a, b = two
    turned = {"faster": "slower", "slower": "faster"}
    for compared in (paired, unpaired):
        there, back = compared(a, b), compared(b, a)
        assert there.value * back.value == pytest.approx(1)
        assert there.low * back.high == pytest.approx(1)
        assert there.low <= there.narrow_low <= there.value <= there.narrow_high <= there.high
        said = verdict(there, 0.03)
        assert verdict(back, 0.03) == turned.get(said, said)
        more = more_repeats(there, 0.03)
        assert (more == 0) is (said != "ambiguous")


def half_widths(degrees: float) -> float:
    return float(stats.t.isf(0.025, degrees) + stats.t.isf(0.05, degrees))


def test_more_repeats_are_as_many_as_leave_no_ratio_ambiguous() -> None:
    """Of so many rounds of the same scatter the intervals' half widths fit the margin together; of one less not yet."""
    differences = np.array([0.05, -0.03, 0.06, -0.05, 0.01])
    more = more_repeats(paired([0.0] * 5, differences), 0.03)
    assert more is not None
    for n, settles in ((5 + more, True), (5 + more - 1, False)):
        error = differences.std(ddof=1) / math.sqrt(n)
        assert (half_widths(n - 1) * error < LIMIT) == settles


def test_so_are_they_where_rounds_are_none() -> None:
    a, b = np.array([0.0, 0.04, -0.04]), np.array([0.01, 0.05, -0.03])
    more = more_repeats(unpaired(a, b), 0.03)
    assert more is not None
    for n, settles in ((3 + more, True), (2 + more, False)):
        error = math.sqrt(2 / n) * 0.04
        assert (half_widths(2 * n - 2) * error < LIMIT) == settles


def test_what_no_number_of_repeats_settles_has_none() -> None:
    assert more_repeats(paired([0.0] * 3, [1.0, -1.0, 0.0]), 0.03) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_refuses_one_after_the_other(chances: list[float]) -> None:
    """As Holm's procedure has it: the smallest is held against 5 % / n, the next against 5 % / (n - 1), and so on."""
    adjusted = holm(chances)
    refused, going_on = set(), True
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda place: chances[place])):
        going_on = going_on and chances[place] * (len(chances) - rank) <= 0.05
        refused |= {place} if going_on else set()
    assert {place for place, chance in enumerate(adjusted) if chance <= 0.05} == refused
    assert all(after >= before for before, after in zip(chances, adjusted, strict=True))


def test_of_several_models_each_verdict_takes_more() -> None:
    barely = paired([0.0] * 5, [0.01, 0.03, 0.05, 0.03, 0.09])
    assert verdict(barely, 0.001) == "slower"
    assert verdicts([barely], 0.001) == ["slower"]
    assert verdicts([barely, BASE, BASE], 0.001) == ["ambiguous"] * 3
    sure = paired([0.0] * 5, [0.201, 0.2, 0.199, 0.2, 0.2])
    assert verdicts([barely, sure], 0.001)[1] == "slower"


@settings(max_examples=40, deadline=None)
@given(sides)
def test_of_a_single_model_they_are_the_verdict(two: tuple[list[float], list[float]]) -> None:
    ratio = paired(*two)
    assert verdicts([ratio], 0.03) == [verdict(ratio, 0.03)]


def test_the_mean_over_models_counts_each_the_same() -> None:
    ratios = [paired(A, B), unpaired(A, B + 0.1)]
    mean = overall(ratios)
    assert mean.value == pytest.approx(math.sqrt(ratios[0].value * ratios[1].value))
    assert mean.standard_error == pytest.approx(math.hypot(*(one.standard_error for one in ratios)) / 2)
    assert max(one.degrees for one in ratios) < mean.degrees < sum(one.degrees for one in ratios)
    assert not mean.paired
    assert ends(overall(ratios[:1])) == pytest.approx(ends(ratios[0]))
    with pytest.raises(ValueError, match="needs one"):
        overall([])


def test_its_interval_holds_about_as_often_as_it_says() -> None:
    rng, held = np.random.default_rng(8), 0
    for _ in range(400):
        ratios = [paired(rng.normal(0, 0.01, 5), rng.normal(0.02, spread, 5)) for spread in (0.01, 0.03, 0.05)]
        mean = overall(ratios)
        held += mean.low <= math.exp(0.02) <= mean.high
    assert 0.92 <= held / 400 <= 0.98
