"""The rules `steady` and `interval`, on seeded series and a clock that only the model moves."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pytest

pytest.importorskip("torch")

from runner import latency, watching
from runner.contract import Job, Protocol, Samples, Stopping, Variant, pilot
from runner.contract.goals import goal_of
from runner.contract.pilot import Standing, replay
from runner.contract.statistics import times_ms
from runner.contract.tails import bounds, replay_whole
from runner.errors import JobError
from runner.stopping import Ending
from tests.samples import job
from tests.unit.runner.test_latency import CPU, Clock, pictures

pytestmark = pytest.mark.torch
MS = 1_000_000
NAMES = ["10x10", "20x20", "30x30"]
Trace = list[tuple[str, int, int | None]]


class Measured(NamedTuple):
    of: Job
    samples: Samples
    ending: Ending
    told: Trace


def a_job(**changes: Any) -> Job:
    plain = job(protocol="standard-1")
    return replace(plain, protocol=replace(plain.protocol, **changes))


def measured(times_ms: Iterable[float], of: Job) -> Measured:
    """Measure a model whose calls take the given times."""
    clock, waiting, told = Clock(), iter(times_ms), Trace()

    def model(argument: Any) -> list[Any]:
        clock.work(next(waiting))
        return []

    def progress(event: str, *, phase: str, done: int, planned: int | None, wall_ms: float) -> None:
        told.append((phase, done, planned))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "time", clock)
        samples, ending = latency.measure(model, pictures(of, *NAMES), latency.stopwatch(CPU, True), of, progress)
    return Measured(of, samples, ending, told)


def noise(deviation: float = 0.02, n: int = 10_000, seed: int = 1) -> np.ndarray:
    return np.asarray(50.0 * (1 + deviation * np.random.default_rng(seed).standard_normal(n)))


def scaled(first: int, factor: float) -> np.ndarray:
    times = noise()
    times[:first] *= factor
    return times


def drifting() -> np.ndarray:
    return noise(0.01) * (1 + np.arange(10_000) / 1000)


def assert_the_host_comes_to_the_same(seen: Measured) -> None:
    """Assert that whoever has the samples afterwards comes to the same verdict, by the same looks."""
    end = replay(np.asarray(times_ms(seen.samples)), seen.samples.image, goal_of(seen.of) or pytest.fail("it counts"))
    assert end.iterations == len(seen.samples.phase)
    assert (end.verdict == "precise") == (seen.ending.stopped_by == "precise")
    assert end.steadiness.kind == seen.ending.warmup


def test_a_flat_series_of_little_noise_ends_a_fifth_after_its_pilot() -> None:
    seen = measured(noise(), a_job())
    assert seen.ending == Ending("precise", "flat", steady_from=0, pilot_iterations=100)
    assert seen.samples.phase == ["measured"] * 120
    assert_the_host_comes_to_the_same(seen)


def test_a_noisy_series_is_measured_for_as_long_as_its_pilot_says() -> None:
    quiet, noisy = (len(measured(noise(deviation), a_job()).samples.phase) for deviation in (0.02, 0.08))
    assert noisy > 2 * quiet
    assert_the_host_comes_to_the_same(measured(noise(0.08), a_job()))


@pytest.mark.parametrize(("factor", "kind"), [(1.5, "warmup"), (0.7, "slowdown")])
def test_what_comes_before_the_steady_part_is_the_warm_up(factor: float, kind: str) -> None:
    seen = measured(scaled(40, factor), a_job())
    begin = seen.ending.steady_from
    assert seen.ending.warmup == kind
    assert begin is not None
    assert begin == pytest.approx(40, abs=5)
    assert seen.samples.phase == ["warmup"] * begin + ["measured"] * (len(seen.samples.phase) - begin)
    assert_the_host_comes_to_the_same(seen)


def test_a_series_that_drifts_ends_with_the_cap_of_the_warm_up_and_all_of_it_counts() -> None:
    of = a_job()
    seen = measured(drifting(), of)
    assert seen.ending == Ending("cap", "no steady state")
    assert set(seen.samples.phase) == {"measured"}
    spent_s = sum(seen.samples.wall_ms) / 1000
    assert spent_s == pytest.approx(of.protocol.warmup.max_seconds, abs=0.2)
    assert_the_host_comes_to_the_same(seen)


def test_a_warm_up_may_be_capped_in_iterations() -> None:
    of = a_job()
    warmup = replace(of.protocol.warmup, max_iterations=130)
    seen = measured(drifting(), a_job(warmup=warmup))
    assert (len(seen.samples.phase), seen.ending.warmup) == (130, "no steady state")


def test_a_series_that_is_steady_only_by_the_cap_of_its_warm_up_is_measured_on() -> None:
    of = a_job()
    late = replace(of.protocol.warmup, max_seconds=3.0)  # before the first look
    seen = measured(noise(), a_job(warmup=late))
    assert seen.ending == Ending("precise", "flat", steady_from=0, pilot_iterations=100)
    assert [phase for phase, *_ in seen.told][-1] == "measured"
    assert_the_host_comes_to_the_same(seen)


@pytest.mark.parametrize(("cap_s", "verdict"), [(20.0, "imprecise"), (2.0, "insufficient")])
def test_the_cap_of_both_phases_ends_a_series_that_is_not_known_well_enough(cap_s: float, verdict: str) -> None:
    of = a_job(cap_seconds=cap_s)
    seen = measured(noise(0.2), of)
    assert seen.ending.stopped_by == "cap"
    assert sum(seen.samples.wall_ms) == pytest.approx(1000 * cap_s, abs=100)
    assert_the_host_comes_to_the_same(seen)
    goal = goal_of(of)
    assert goal
    assert replay(np.asarray(seen.samples.wall_ms), seen.samples.image, goal).verdict == verdict


def test_a_cap_that_is_over_at_once_leaves_one_iteration() -> None:
    seen = measured(noise(), a_job(cap_seconds=0.001))
    assert (seen.samples.phase, seen.ending.stopped_by) == (["measured"], "cap")


def test_a_variant_s_iterations_are_those_of_the_whole_series() -> None:
    of = replace(a_job(), variant=Variant(iterations=110))
    seen = measured(noise(0.2), of)
    assert (len(seen.samples.phase), seen.ending.stopped_by) == (110, "cap")


def with_percentile(percent: float, **variant: Any) -> Job:
    return replace(a_job(), variant=Variant(percentile=percent, **variant))


def whole(seen: Measured) -> Standing:
    goal = goal_of(seen.of)
    assert goal
    return replay_whole(np.asarray(times_ms(seen.samples)), seen.samples.image, goal)


def test_a_percentile_that_was_asked_for_is_measured_until_it_has_bounds() -> None:
    short, long = measured(noise(), a_job()), measured(noise(), with_percentile(99.0))
    n = len(long.samples.phase)
    assert len(short.samples.phase) == 120
    assert 368 <= n <= 900
    assert long.ending.stopped_by == "precise"
    assert long.samples.wall_ms[:120] == short.samples.wall_ms
    seen = whole(long)
    assert (seen.iterations, seen.verdict) == (n, "precise")
    times = np.asarray(long.samples.wall_ms)
    assert bounds(times, seen, 99.0).high
    assert bounds(times[: n // 2], seen, 99.0).needed  # the look before that, whose series was half as long
    _, done, planned = long.told[-1]
    assert planned == n >= done


def test_one_that_the_median_s_own_iterations_bound_takes_no_more() -> None:
    alone, both = (measured(noise(0.1), of).samples.wall_ms for of in (a_job(), with_percentile(95.0)))
    assert both == alone


def test_at_the_cap_a_percentile_is_left_without_bounds() -> None:
    seen = measured(noise(), with_percentile(99.0, iterations=300))
    assert (len(seen.samples.phase), seen.ending.stopped_by) == (300, "cap")
    assert whole(seen).verdict == "precise"
    timed = measured(noise(), replace(with_percentile(99.0), protocol=a_job(cap_seconds=10.0).protocol))
    assert timed.ending.stopped_by == "cap"
    assert sum(timed.samples.wall_ms) == pytest.approx(10_000, abs=100)


def test_without_a_steady_state_no_percentile_is_waited_for() -> None:
    alone, both = (measured(drifting(), of).samples.wall_ms for of in (a_job(), with_percentile(99.0)))
    assert both == alone


def test_how_many_iterations_it_takes_is_told_once_the_pilot_knows() -> None:
    seen = measured(noise(0.08), a_job())
    told, n = seen.told, len(seen.samples.phase)
    assert [phase for phase, *_ in told] == sorted((phase for phase, *_ in told), reverse=True)
    assert {planned for phase, _, planned in told if phase == "warmup"} == {None}
    assert all(planned is None or done <= planned for _, done, planned in told)
    assert told[-1][:2] == ("measured", n)


def test_pictures_go_on_in_turn_where_the_warm_up_ends() -> None:
    seen = measured(noise(), a_job())
    assert seen.samples.image == [NAMES[i % 3] for i in range(120)]


@dataclass
class Counting:
    calls: int = 0

    def wrapped(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.calls += 1
            return work(*arguments)

        return counted


def test_looks_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Counting()
    monkeypatch.setattr(watching, "look", looks.wrapped(pilot.look))
    seen = measured(np.exp(noise(0.5) / 50 - 1) * 50, a_job())
    assert len(seen.samples.phase) == 10_000
    assert 2 <= looks.calls <= 25


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": 0.9},
        {"pilot_effective_samples": 10.0},
        {"relative_half_width": None},
        {"min_iterations": 500},
        {"rule": "steady"},
    ],
)
def test_what_the_estimator_does_not_do_is_refused(changes: dict[str, Any]) -> None:
    of: Protocol = a_job().protocol
    wanted: Stopping = replace(of.measure, **changes)
    with pytest.raises(JobError, match="not known, or not as they are set"):
        measured(noise(), a_job(measure=wanted))
