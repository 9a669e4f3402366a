import numpy as np
import pytest

from runner.contract.pilot import Goal, Standing, first_look, look, replay


def wanted(precision: float = 0.01, max_iterations: int = 10_000) -> Goal:
    return Goal(precision, max_iterations, pilot=100)


def quiet(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 2, size=n)


def one(n: int) -> list[str]:
    return ["one.jpg"] * n


def live(times: np.ndarray, goal: Goal) -> Standing:
    """Return the look that ends a loop that takes a look whenever one is due, and has no end but that."""
    seen, due = None, first_look(goal)
    while True:
        seen = look(times[:due], one(due), goal, seen)
        if seen.verdict:
            return seen
        assert due < seen.next_look <= goal.max_iterations
        due = seen.next_look


@pytest.mark.parametrize("precision", [0.01, 0.003])
def test_the_loop_and_whoever_has_its_samples_come_to_the_same(precision: float) -> None:
    goal, times = wanted(precision, 5000), quiet(5000)
    seen = live(times, goal)
    assert seen.verdict == "precise"
    assert replay(times[: seen.iterations], one(seen.iterations), goal) == seen


def test_a_quiet_series_takes_no_more_than_its_pilot_and_a_fifth() -> None:
    ended = [live(quiet(5000, seed), wanted()) for seed in range(20)]
    assert np.median([seen.iterations for seen in ended]) == 120
    assert all(seen.half_width is not None and seen.half_width <= 0.01 for seen in ended)
    assert all(seen.pilot and seen.iterations >= 1.2 * seen.pilot.samples for seen in ended)


def test_the_reported_width_is_never_narrower_than_the_pilots_scaled() -> None:
    for seed in range(10):
        seen = live(quiet(5000, seed), wanted(0.004, 5000))
        assert seen.pilot
        assert seen.half_width is not None
        scaled = seen.pilot.half_width * (seen.pilot.samples / seen.figure.samples) ** 0.5
        assert seen.half_width == pytest.approx(max(scaled, seen.figure.half_width))


def test_a_cap_before_the_precision_says_what_was_reached_and_what_would_do() -> None:
    seen = replay(quiet(500), one(500), wanted(0.0005, 500))
    assert seen.verdict == "imprecise"
    assert seen.half_width is not None
    assert seen.half_width > 0.0005
    assert (seen.needed or 0) > 500


def test_a_cap_in_seconds_is_the_last_look() -> None:
    times = quiet(90)
    assert replay(times, one(90), wanted()).verdict == "precise"
    few = replay(times[:30], one(30), wanted())
    assert (few.verdict, few.half_width) == ("insufficient", None)
    assert few.needed is not None
    assert few.needed >= 100


def test_samples_that_resemble_each_other_are_insufficient() -> None:
    rng = np.random.default_rng(2)
    values = np.zeros(600)
    for i in range(1, 600):
        values[i] = 0.97 * values[i - 1] + rng.normal()
    seen = replay(100 + values, one(600), wanted(0.5, 600))
    assert seen.verdict in ("insufficient", "no steady state")


def test_a_trend_has_no_verdict_on_precision() -> None:
    times = quiet(1000) * (1 + 0.0005 * np.arange(1000))
    assert replay(times, one(1000), wanted(max_iterations=1000)).verdict == "no steady state"


def test_at_a_cap_a_noisy_series_is_imprecise_not_drifting() -> None:
    rng = np.random.default_rng(6)
    ends = [replay(100 * np.exp(0.1 * rng.normal(size=300)), one(300), wanted(0.005, 300)).verdict for _ in range(20)]
    assert ends.count("imprecise") >= 16


def test_warm_up_is_no_part_of_the_figure() -> None:
    times = quiet(2000)
    times[:30] += 50
    seen = live(times, wanted(max_iterations=2000))
    assert (seen.verdict, seen.steadiness.kind) == ("precise", "warmup")
    assert abs(seen.steadiness.begin - 30) <= 5
    assert seen.figure.value == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("n", [1, 2, 3, 21])
def test_few_samples_are_insufficient_and_nothing_breaks(n: int) -> None:
    assert replay(quiet(n), one(n), wanted()).verdict in ("insufficient", "no steady state")
    assert replay(quiet(n), [f"{i}" for i in range(n)], wanted()).figure.content
