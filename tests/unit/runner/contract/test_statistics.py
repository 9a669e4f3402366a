import statistics
from dataclasses import replace

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.contract.statistics import MIN_SAMPLES_P99, summarise
from tests.samples import latency

unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])

TIMES_MS = st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=2, max_size=50)


@unhurried
@given(TIMES_MS)
def test_the_figures_are_those_of_the_standard_library(times: list[float]) -> None:
    summary = summarise(latency(times))
    assert summary.n == len(times)
    assert summary.mean_ms == pytest.approx(statistics.fmean(times))
    assert summary.median_ms == pytest.approx(statistics.median(times))
    assert (summary.min_ms, summary.max_ms) == (min(times), max(times))
    assert summary.std_ms == pytest.approx(statistics.stdev(times), rel=1e-6, abs=1e-6)


@unhurried
@given(TIMES_MS)
def test_the_order_of_the_samples_does_not_matter(times: list[float]) -> None:
    assert summarise(latency(times)) == summarise(latency(sorted(times)))


def test_the_warm_up_is_left_out() -> None:
    samples = latency([10.0, 20.0], warmup=3).samples
    found = replace(samples, detections=[50, 50, 50, 4, 5])
    summary = summarise(replace(latency([]), samples=found))
    assert (summary.n, summary.max_ms, summary.detections_per_image) == (2, 20.0, 4.5)


def test_the_first_inference_is_the_first_call_of_all() -> None:
    assert summarise(latency([10.0, 20.0], warmup=1)).first_inference_ms == 99.0
    assert summarise(latency([10.0, 20.0], warmup=0)).first_inference_ms == 10.0


def test_device_time_counts_where_there_is_one() -> None:
    on_gpu = latency([10.0, 20.0], warmup=1)
    timed = replace(on_gpu, samples=replace(on_gpu.samples, device_ms=[90.0, 8.0, 0.0]))
    summary = summarise(timed)
    assert (summary.mean_ms, summary.min_ms, summary.max_ms) == (4.0, 0.0, 8.0)
    assert summary.first_inference_ms == 99.0


def test_throughput_is_images_over_their_time_and_not_the_mean_of_rates() -> None:
    assert summarise(latency([10.0, 30.0])).images_per_second == pytest.approx(50.0)


def test_one_sample_has_no_spread() -> None:
    summary = summarise(latency([10.0]))
    assert (summary.mean_ms, summary.median_ms, summary.std_ms) == (10.0, 10.0, None)


@pytest.mark.parametrize("n", [MIN_SAMPLES_P99, 201, 300, 301, 950, 1001])
def test_p99_is_the_lower_order_statistic(n: int) -> None:
    times = numpy.random.RandomState(n).uniform(1, 100, n)
    p99 = summarise(latency(list(times))).p99_ms
    assert p99 == numpy.percentile(times, 99, method="lower")
    assert p99 == sorted(times)[99 * (n - 1) // 100]


def test_too_few_samples_have_no_p99() -> None:
    assert summarise(latency([10.0] * (MIN_SAMPLES_P99 - 1), warmup=5)).p99_ms is None


def test_a_protocol_reports_its_own_statistic() -> None:
    summary = summarise(latency([1.0, 2.0, 9.0]))
    assert (summary.value("mean"), summary.value("median")) == (4.0, 2.0)
    with pytest.raises(KeyError, match="mode"):
        summary.value("mode")
