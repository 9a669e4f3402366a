import math
import time
from collections.abc import Callable
from dataclasses import astuple, replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

import torch

from runner import latency
from runner.contract import Input, Job, Samples, Stopping, Variant
from runner.errors import JobError
from runner.inputs import Frame, Source
from tests.samples import job

pytestmark = pytest.mark.torch
unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

MS = 1_000_000
CPU = torch.device("cpu")


class Clock:
    """A clock that stands still until somebody works."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def perf_counter_ns(self) -> int:
        return self.now_ns

    def process_time_ns(self) -> int:
        return 3 * self.now_ns  # three threads are at work

    def work(self, ms: float) -> None:
        self.now_ns += int(ms * MS)


class Pictures(Source):
    """Black pictures, whose name tells their size."""

    def _read(self, name: str) -> tuple[Any, Input]:
        height, width = map(int, name.split("x"))
        return torch.zeros(3, height, width), Input(name, height, width, "")


class Telling:
    """Remembers the lines of progress."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, event: str, *, phase: str, done: int, planned: int, wall_ms: float) -> None:
        assert event == "iteration"
        self.told.append((phase, done, planned))


def a_job(warmup: int, measured: int, cap_ms: float | None = None) -> Job:
    def count(n: int) -> Stopping:
        return Stopping("count", n, n)

    plain = job()
    cap = cap_ms / 1000 if cap_ms else None
    protocol = replace(plain.protocol, warmup=count(warmup), measure=count(measured), cap_seconds=cap)
    return replace(plain, protocol=protocol)


def pictures(of: Job, *names: str) -> Source:
    return Pictures(list(names or ("3x4", "5x6", "7x8")), of.protocol, CPU)


def measure(
    of: Job,
    durations_ms: list[float] | float,
    progress: Callable[..., None] = lambda *event, **fields: None,
    outputs: Any = None,
) -> tuple[Samples, str]:
    """Measure a model that takes the given times, the last of them again and again, and finds two boxes."""
    clock = Clock()
    waiting = [durations_ms] if isinstance(durations_ms, float) else list(durations_ms)

    def acting(argument: Any) -> Any:
        clock.work(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        return [{"boxes": torch.zeros(2, 4)}] if outputs is None else outputs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "time", clock)
        samples, ending = latency.measure(acting, pictures(of), latency.stopwatch(CPU, True), of, progress)
        return samples, ending.stopped_by


@unhurried
@given(st.integers(0, 6), st.integers(1, 8))
def test_without_a_cap_every_iteration_is_a_row_warm_up_first(warmup: int, measured: int) -> None:
    samples, stopped_by = measure(a_job(warmup, measured), 10.0)
    assert samples.phase == ["warmup"] * warmup + ["measured"] * measured
    assert {len(column) for column in astuple(samples) if column is not None} == {warmup + measured}
    assert stopped_by == "count"


@unhurried
@given(st.integers(0, 6), st.integers(1, 8), st.lists(st.integers(1, 90), min_size=1, max_size=20), st.integers(1, 400))
def test_the_cap_ends_each_phase_at_the_first_iteration_beyond_it(
    warmup: int, planned: int, durations: list[int], cap_ms: int
) -> None:
    samples, stopped_by = measure(a_job(warmup, planned, cap_ms), [float(ms) for ms in durations])
    assert {len(column) for column in astuple(samples) if column is not None} == {len(samples.phase)}
    assert samples.phase == sorted(samples.phase, reverse=True)
    ends = [start + wall for start, wall in zip(samples.start_ms, samples.wall_ms, strict=True)]
    for phase, number in (("warmup", warmup), ("measured", planned)):
        rows = [end for end, of in zip(ends, samples.phase, strict=True) if of == phase]
        assert min(number, 1) <= len(rows) <= number
        assert all(end < cap_ms for end in rows[:-1])
        assert len(rows) == number or rows[-1] >= cap_ms
    assert stopped_by == ("count" if samples.phase.count("measured") == planned else "cap")


def test_a_cap_that_the_warm_up_used_up_leaves_one_measured_iteration() -> None:
    samples, stopped_by = measure(a_job(3, 9, cap_ms=100), 100.0)
    assert samples.phase == ["warmup", "measured"]
    assert stopped_by == "cap"


def test_each_row_tells_time_picture_and_detections() -> None:
    samples, _ = measure(a_job(1, 2), [30.0, 20.0, 10.0])
    assert samples.start_ms == [0.0, 30.0, 50.0]
    assert samples.wall_ms == [30.0, 20.0, 10.0]
    assert samples.device_ms == [None] * 3
    assert samples.detections == [2] * 3
    assert list(zip(samples.image, samples.height, samples.width, strict=True)) == [
        ("3x4", 3, 4),
        ("3x4", 3, 4),
        ("5x6", 5, 6),
    ]


def test_each_row_tells_the_cpu_time_of_all_threads_during_the_call_alone() -> None:
    samples, _ = measure(a_job(1, 2), [30.0, 20.0, 10.0])
    assert samples.process_cpu_ms == [90.0, 60.0, 30.0]


def test_each_row_tells_the_switches_of_the_process_s_threads() -> None:
    clock, of = Clock(), a_job(0, 3)
    counted = SimpleNamespace(ru_nvcsw=100, ru_nivcsw=40)

    def model(argument: Any) -> list[Any]:
        counted.ru_nvcsw += 5
        counted.ru_nivcsw += 1
        return []

    class BusyPictures(Pictures):
        def next(self) -> Frame:
            counted.ru_nvcsw += 1000
            return super().next()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "time", clock)
        patch.setattr("resource.getrusage", lambda who: SimpleNamespace(**vars(counted)))
        source = BusyPictures(["1x1"], of.protocol, CPU)
        samples, _ = latency.measure(model, source, latency.stopwatch(CPU, True), of, Telling())
    assert (samples.voluntary_switches, samples.involuntary_switches) == ([5] * 3, [1] * 3)


@pytest.mark.parametrize(("reason", "told"), [(None, [7, 7, 7]), ("nobody counts", None)])
def test_each_row_tells_the_instructions_where_they_are_counted(reason: str | None, told: list[int] | None) -> None:
    counts = iter([5, 12] * 3)
    counting = SimpleNamespace(read=lambda: next(counts), missing_reason=reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "counter", lambda: counting)
        samples, _ = measure(a_job(1, 2), 10.0)
    assert samples.instructions == told


def test_a_call_that_waits_switches_and_uses_next_to_no_cpu() -> None:
    of = a_job(0, 3)

    def waiting(argument: Any) -> list[Any]:
        time.sleep(0.02)
        return []

    samples, _ = latency.measure(waiting, pictures(of), latency.stopwatch(CPU, True), of, Telling())
    assert samples.process_cpu_ms is not None
    assert samples.voluntary_switches is not None
    assert min(samples.voluntary_switches) >= 1
    assert all(cpu < wall / 2 for cpu, wall in zip(samples.process_cpu_ms, samples.wall_ms, strict=True))


def test_both_phases_begin_with_the_first_input() -> None:
    samples, _ = measure(a_job(2, 4), 1.0)
    assert samples.image == ["3x4", "5x6", "3x4", "5x6", "7x8", "3x4"]


@pytest.mark.parametrize(("counts", "detections"), [([], 0), ([0], 0), ([4], 4), ([1, 2, 3], 6)])
def test_detections_are_the_boxes_of_all_outputs(counts: list[int], detections: int) -> None:
    outputs = [{"boxes": torch.zeros(n, 4), "scores": torch.zeros(9)} for n in counts]
    samples, _ = measure(a_job(0, 1), 1.0, outputs=outputs)
    assert samples.detections == [detections]


def test_the_input_reaches_the_model_as_it_is() -> None:
    seen = []
    of = a_job(0, 2)

    def model(argument: Any) -> list[Any]:
        seen.append(argument)
        return []

    def stopwatch(called: Callable[[Any], Any], argument: Any) -> tuple[Any, int, int, float]:
        return called(argument), 7 * MS, 2 * MS, 1.5

    samples, _ = latency.measure(model, pictures(of, "1x1"), stopwatch, of, Telling())
    assert [[tensor.shape for tensor in argument] for argument in seen] == [[(3, 1, 1)], [(3, 1, 1)]]
    assert (samples.wall_ms, samples.device_ms) == ([2.0, 2.0], [1.5, 1.5])


def test_preparing_an_input_is_not_timed() -> None:
    clock, of = Clock(), a_job(0, 3)

    class SlowPictures(Pictures):
        def next(self) -> Frame:
            clock.work(70.0)
            return super().next()

    def model(argument: Any) -> list[Any]:
        clock.work(4.0)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latency, "time", clock)
        source = SlowPictures(["1x1"], of.protocol, CPU)
        samples, _ = latency.measure(model, source, latency.stopwatch(CPU, True), of, Telling())
    assert samples.wall_ms == [4.0] * 3
    assert samples.start_ms == [70.0, 144.0, 218.0]


def test_a_fast_model_is_told_of_at_the_end_of_each_phase_alone() -> None:
    telling = Telling()
    measure(a_job(3, 20), 1.0, telling)
    assert telling.told == [("warmup", 3, 3), ("measured", 20, 20)]


def test_a_slower_model_is_told_of_four_times_a_second_at_most() -> None:
    telling = Telling()
    measure(a_job(0, 7), 100.0, telling)
    assert telling.told == [("measured", done, 7) for done in (3, 6, 7)]


def test_the_iteration_that_meets_the_cap_is_told_of() -> None:
    telling = Telling()
    measure(a_job(1, 50, cap_ms=5), 1.0, telling)
    assert telling.told == [("warmup", 1, 1), ("measured", 4, 50)]


@unhurried
@given(st.integers(0, 60), st.integers(1, 1000), st.integers(1, 1000))
def test_a_variant_shortens_the_warm_up_by_the_same_share(warmup: int, measured: int, wanted: int) -> None:
    varied = replace(a_job(warmup, measured), variant=Variant(iterations=wanted))
    assert varied.measured_iterations == wanted
    shares = math.ceil(Fraction(warmup * wanted, measured))
    assert varied.warmup_iterations == min(warmup, shares)


def test_a_variant_is_what_is_measured() -> None:
    varied = replace(a_job(4, 8), variant=Variant(iterations=2))
    samples, stopped_by = measure(varied, 1.0)
    assert samples.phase == ["warmup"] + ["measured"] * 2
    assert stopped_by == "count"


@pytest.mark.parametrize("phase", ["warmup", "measure"])
@pytest.mark.parametrize("rule", ["steady", "interval"])
def test_stopping_rules_that_do_not_belong_together_are_refused_before_anything_runs(phase: str, rule: Any) -> None:
    plain = a_job(1, 1)
    changes: dict[str, Any] = {phase: Stopping(rule, 1, 9)}
    newer = replace(plain, protocol=replace(plain.protocol, **changes))
    telling = Telling()
    with pytest.raises(JobError, match=f"stopping rules .*'{rule}'.* not known"):
        measure(newer, 1.0, telling)
    assert telling.told == []


def test_the_error_of_a_model_is_not_swallowed() -> None:
    of = a_job(0, 1)

    def broken(argument: Any) -> Any:
        raise ZeroDivisionError("in the model")

    with pytest.raises(ZeroDivisionError, match="in the model"):
        latency.measure(broken, pictures(of), latency.stopwatch(CPU, True), of, Telling())


def test_a_cpu_is_timed_around_the_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(latency, "time", clock)
    begin = clock.now_ns

    def model(argument: Any) -> Any:
        clock.work(3.0)
        return [argument]

    assert latency.stopwatch(CPU, True)(model, "input") == (["input"], begin, 3 * MS, None)


@pytest.mark.parametrize(
    ("synchronise_before", "order", "wall_ms"),
    [
        (True, ["wait", "begin", "model", "end", "wait"], 3.0 + 100.0),
        (False, ["begin", "model", "end", "wait"], 3.0 + 100.0),
    ],
)
def test_a_gpu_is_timed_until_its_work_is_done(
    monkeypatch: pytest.MonkeyPatch, synchronise_before: bool, order: list[str], wall_ms: float
) -> None:
    clock, happened = Clock(), []
    names = iter(["begin", "end"])

    class ActingEvent:
        def __init__(self, enable_timing: bool = False) -> None:
            assert enable_timing
            self.name = next(names)

        def record(self) -> None:
            happened.append(self.name)

        def elapsed_time(self, other: "ActingEvent") -> float:
            assert (self.name, other.name) == ("begin", "end")
            assert happened[-1] == "wait"
            return 42.0

    def synchronise() -> None:
        happened.append("wait")
        clock.work(100.0)

    def model(argument: Any) -> Any:
        happened.append("model")
        clock.work(3.0)
        return argument

    monkeypatch.setattr(latency, "time", clock)
    monkeypatch.setattr(torch.cuda, "Event", ActingEvent)
    monkeypatch.setattr(torch.cuda, "synchronize", synchronise)
    time_it = latency.stopwatch(torch.device("cuda"), synchronise_before)
    start = clock.now_ns + (100 * MS if synchronise_before else 0)
    assert time_it(model, "out") == ("out", start, wall_ms * MS, 42.0)
    assert happened == order
