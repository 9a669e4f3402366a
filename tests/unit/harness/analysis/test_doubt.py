"""A sample is in doubt where the process got far less CPU time than such a call usually gets."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.assessed import assessed
from harness.analysis.cautions import DOUBT, warnings_of
from harness.analysis.doubt import doubt_of
from runner.contract import CpuSupply, Result
from tests.samples import job, latency, ok_result
from tests.unit.harness.standard_cells import a_series, counted, measured

N = 120
LATE = np.arange(N) >= 90


def disturbed(share: float = 0.5, threads: float = 1.0) -> Result:
    """Return a result whose last quarter got that share of the CPU time, and took as much longer."""
    times = np.where(LATE, a_series(N) / share, a_series(N))
    return counted(measured(times, cpu=threads * np.where(LATE, share, 1.0), other_load_cpus=0.9))


@pytest.mark.parametrize("threads", [1.0, 1.9, 7.5])
def test_samples_that_got_half_of_the_usual_cpu_time_are_in_doubt(threads: float) -> None:
    doubt = doubt_of(disturbed(threads=threads))
    assert doubt
    assert list(doubt.samples) == np.flatnonzero(LATE).tolist()
    assert (doubt.count, doubt.measured) == (30, N)
    assert doubt.got == pytest.approx(0.5)


@pytest.mark.parametrize("share", [1.0, 0.97, 0.85])
def test_short_interruptions_are_no_doubt(share: float) -> None:
    doubt = doubt_of(disturbed(share))
    assert doubt
    assert doubt.count == 0


def test_one_thread_that_was_disturbed_all_the_while_is_in_doubt_throughout() -> None:
    result = counted(measured(a_series(N), cpu=np.full(N, 0.6)))
    doubt, known = doubt_of(result), assessed(result)
    assert doubt
    assert doubt.count == N
    assert known
    assert known.sure is None
    [said] = [text for text in warnings_of(result) if text.startswith(DOUBT)]
    assert said.endswith("none is left without them")


def test_pictures_that_keep_fewer_threads_busy_are_no_doubt() -> None:
    result = counted(measured(a_series(N), cpu=np.where(np.arange(N) % 3 == 0, 1.1, 1.9)))
    doubt = doubt_of(result)
    assert doubt
    assert doubt.count == 0


def test_a_sentence_says_what_took_the_time_and_the_figure_without() -> None:
    supply = CpuSupply(1.5, 100, 20, 640.0, 0.3)
    said = next(text for text in warnings_of(replace(disturbed(), cpu_supply=supply)) if text.startswith(DOUBT))
    assert "30 of 120 got 50 % of the CPU time" in said
    for lost in ("other work kept 0.9 CPUs busy", "made to wait 30 times", "stopped it for 640 ms", "took 0.3 CPUs"):
        assert lost in said
    known = assessed(disturbed())
    assert known
    assert known.sure
    assert said.endswith(f"without them {known.sure.median_ms:.1f} ms")


def test_a_lone_sample_that_moves_nothing_is_worth_no_sentence() -> None:
    result = counted(measured(a_series(N), cpu=np.where(np.arange(N) == 60, 0.5, 1.0)))
    doubt = doubt_of(result)
    assert doubt
    assert doubt.count == 1
    assert not any(text.startswith(DOUBT) for text in warnings_of(result))


def test_nothing_tells_on_a_gpu_or_where_cpu_time_was_not_recorded() -> None:
    result = disturbed()
    assert doubt_of(replace(result, job=replace(result.job, device="cuda"))) is None
    assert doubt_of(ok_result(job(), latency=latency([10.0] * 3))) is None
    assert doubt_of(ok_result(job(), latency=None)) is None
