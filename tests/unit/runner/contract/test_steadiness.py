import numpy as np
import pytest

from runner.contract.steadiness import steadiness


def noise(n: int, seed: int = 1, deviation: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, deviation, size=n)


def test_a_flat_series_is_steady_from_its_first_sample() -> None:
    state = steadiness(noise(400))
    assert (state.kind, state.begin) == ("flat", 0)


@pytest.mark.parametrize(("by", "kind"), [(6.0, "warmup"), (60.0, "warmup"), (-8.0, "slowdown")])
@pytest.mark.parametrize("begin", [8, 40, 150])
def test_a_step_ends_the_warm_up_or_slows_down(by: float, kind: str, begin: int) -> None:
    times = noise(400)
    times[:begin] += by
    state = steadiness(times)
    assert state.kind == kind
    assert abs(state.begin - begin) <= max(5, 0.05 * 400)


def test_the_first_call_alone_is_warm_up() -> None:
    times = noise(200)
    times[0] = 900.0
    state = steadiness(times)
    assert (state.kind, state.begin) == ("warmup", 1)


def test_a_level_that_came_back_is_no_warm_up() -> None:
    times = noise(600)
    times[200:260] += 50
    state = steadiness(times)
    assert (state.kind, state.begin) == ("flat", 0)


def test_a_late_step_and_a_trend_leave_no_steady_state() -> None:
    late = noise(400)
    late[350:] += 20
    assert steadiness(late).kind == "no steady state"
    for n in (120, 400, 2000):
        assert steadiness(noise(n) * (1 + 0.0005 * np.arange(n))).kind == "no steady state"


def test_a_drift_is_not_hidden_by_the_tail_of_its_noise() -> None:
    rng = np.random.default_rng(2)
    drifting = [100 + 5 * np.exp(0.5 * rng.normal(size=120)) + 0.02 * np.arange(120) for _ in range(100)]
    assert sum(steadiness(times).kind == "no steady state" for times in drifting) >= 88


def test_a_drift_is_no_step_whose_rest_is_too_short_to_show_it() -> None:
    rng = np.random.default_rng(3)
    drifting = [rng.normal(100, 3, size=600) * (1 + 0.0002 * np.arange(600)) for _ in range(50)]
    assert sum(steadiness(times, last=True).kind == "no steady state" for times in drifting) >= 46


def test_equal_times_of_a_coarse_clock_drift_by_their_steps_alone() -> None:
    coarse = np.round(noise(400, deviation=0.8))
    assert steadiness(coarse).kind == "flat"
    assert steadiness(coarse + np.round(0.01 * np.arange(400))).kind == "no steady state"


def test_a_series_that_says_nothing_is_not_called_steady() -> None:
    assert steadiness(noise(5)).kind == "no steady state"
    for level in (5.0, 7.3, 511.82):
        assert steadiness(np.full(100, level)).kind == "flat"
