"""What processes of one thing say of the noise between them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis import noise
from harness.analysis.ratio import paired
from runner.contract import Latency
from tests.samples import latency

RNG = np.random.default_rng(9)


def test_neighbours_leave_a_drift_out_that_processes_have() -> None:
    logs = 0.01 * RNG.normal(size=200)
    drifting = logs + np.linspace(0, 0.2, 200)
    still, moved = (noise.scatter(one, noise.wall_samples([latency([10.0, 11.0])] * 200)) for one in (logs, drifting))
    assert still.processes == pytest.approx(0.01, rel=0.15)
    assert still.neighbours == pytest.approx(0.01, rel=0.15)
    assert moved.neighbours == pytest.approx(still.neighbours, rel=0.02)
    assert moved.processes > 4 * still.processes


def test_the_bound_of_the_scatter_holds_nineteen_times_in_twenty() -> None:
    samples = noise.wall_samples([latency([10.0, 11.0])] * 8)
    bounds = [noise.scatter(0.02 * RNG.normal(size=8), samples).neighbours_at_most for _ in range(600)]
    assert 0.92 <= np.mean(np.array(bounds) > 0.02) <= 0.98


def test_samples_scatter_about_their_picture_and_their_process() -> None:
    pictures, processes = np.array([[10.0, 20.0, 40.0, 15.0] * 30]), np.array([[1.0], [1.2], [0.9]])
    times = pictures * processes * np.exp(0.05 * RNG.normal(size=(3, 120)))
    scatter = noise.scatter(np.zeros(3), noise.wall_samples([latency(row) for row in times.tolist()]))
    assert scatter.samples == pytest.approx(0.05, rel=0.15)


def timed(wall_ms: list[float], cpu_ms: list[float]) -> Latency:
    plain = latency(wall_ms)
    return replace(plain, samples=replace(plain.samples, process_cpu_ms=[99.0, *cpu_ms]))


def test_cpu_time_is_that_of_the_measured_iterations() -> None:
    seen = noise.cpu_logs([timed([10.0, 10.0, 10.0], [4.0, 8.0, 5.0]), timed([10.0, 10.0, 10.0], [6.0, 6.0, 7.0])])
    assert seen is not None
    assert np.exp(seen) == pytest.approx([5.0, 6.0])


@pytest.mark.parametrize("cpu_ms", [None, [0.0, 0.0, 9.0]])
def test_cpu_time_that_is_not_known_is_none(cpu_ms: list[float] | None) -> None:
    unseen = timed([10.0] * 3, cpu_ms) if cpu_ms else latency([10.0] * 3)
    assert noise.cpu_logs([timed([10.0] * 3, [5.0] * 3), unseen]) is None


def test_a_clock_that_is_too_coarse_tells_nothing_of_samples() -> None:
    coarse = [timed([10.0] * 3, [0.0, 10.0, 0.0]), timed([10.0] * 3, [10.0, 10.0, 0.0])]
    assert noise.scatter(np.zeros(2), noise.cpu_samples(coarse)).samples is None


@pytest.mark.parametrize("repeats", [3, 5, 20])
def test_what_can_be_shown_is_found_nine_times_in_ten(repeats: int) -> None:
    """By the ratio itself, over drawn rounds."""
    difference = math.log1p(noise.smallest_shown(0.02, repeats))
    rng, found = np.random.default_rng(10), 0
    for _ in range(1000):
        a, b = 0.02 * rng.normal(size=(2, repeats))
        found += paired(a, b + difference).low > 1
    assert 0.87 <= found / 1000 <= 0.93


def test_repeats_are_the_fewest_that_show_the_margin() -> None:
    repeats = noise.repeats_for(0.02, 0.03)
    assert repeats is not None
    assert noise.smallest_shown(0.02, repeats) <= 0.03 < noise.smallest_shown(0.02, repeats - 1)
    assert noise.repeats_for(0.0, 0.03) == 2
    assert noise.repeats_for(1.0, 0.03) is None


@pytest.mark.parametrize(("processes", "turns", "halves"), [(4, 2, 3), (5, 2, 3), (8, 8, 35), (40, 1000, 1000)])
def test_every_way_to_call_them_a_and_b_is_looked_at_once(processes: int, turns: int, halves: int) -> None:
    logs = RNG.normal(size=processes)
    used = set(logs[: processes // 2 * 2])
    for splits, expected in ((list(noise._turns(logs)), turns), (list(noise._halves(logs)), halves)):
        assert len(splits) == expected
        assert all({*a, *b} == used and len(a) == len(b) for a, b in splits)
        if expected < 1000:
            assert len({frozenset((frozenset(a), frozenset(b))) for a, b in splits}) == expected


def test_false_alarms_are_as_frequent_as_an_interval_of_95_percent_has_them() -> None:
    rates = [noise.false_alarms(0.2 * RNG.normal(size=10)) for _ in range(10)]
    assert all(np.mean(rates, axis=0) >= 0.0)
    assert all(np.mean(rates, axis=0) <= 0.10)
    assert np.max(rates) > 0


def test_a_quiet_host_raises_none() -> None:
    assert noise.false_alarms(0.001 * RNG.normal(size=10)) == (0.0, 0.0)
