"""What is said of a result follows from what was observed, and a stored sentence says nothing a second time."""

from dataclasses import replace

import pytest

from harness.analysis.assessed import assessed
from harness.analysis.cautions import SLOW_BLAS, warnings_of
from runner.contract import CpuSupply, Latency, SharedLibrary, Software
from tests.samples import job, latency, ok_result, software

FEW = "few detections: 0.00 an image, so non-maximum suppression and the heads did little work"
LOAD = "other work kept 1.4 CPUs busy meanwhile: measure again when idle"
THROTTLED = "throttled in 98 of 100 periods by a CPU quota of 0.3 CPUs"
THROTTLED += ": measure without a quota, bound to CPUs (a cpuset) instead"


def loaded(*names: str) -> Software:
    return software(shared_libraries=[SharedLibrary(name, "/lib/" + name) for name in names])


def busy(cpus: float | None, detections: int = 7) -> Latency:
    return replace(latency([10.0] * 3, detections=detections), other_load_cpus=cpus)


LIMITED = CpuSupply(0.3, 100, 98, 7e3, 0.0)
BAD = ok_result(job(), latency=busy(1.41, detections=0), cpu_supply=LIMITED, software=loaded("libblas.so.3"))


def test_all_is_judged_from_what_was_observed_in_one_order() -> None:
    remarks = ["mine.pth: its entry model was read"]
    assert warnings_of(replace(BAD, remarks=remarks)) == [*remarks, FEW, LOAD, THROTTLED, SLOW_BLAS]


def test_what_is_assessed_already_says_the_same() -> None:
    for result in (BAD, replace(BAD, latency=None)):
        assert warnings_of(result, assessed(result)) == warnings_of(result)


def test_a_stored_sentence_is_shown_once() -> None:
    stored = ["mine.pth: its entry model was read", FEW, LOAD, THROTTLED, SLOW_BLAS]
    assert warnings_of(replace(BAD, warnings=stored)) == stored


def test_a_stored_sentence_is_shown_where_the_observation_is_missing() -> None:
    unobserved = ok_result(job(), latency=None, cpu_supply=None, software=None)
    assert warnings_of(unobserved) == []
    for text in (FEW, LOAD, THROTTLED, SLOW_BLAS):
        assert warnings_of(replace(unobserved, warnings=[text])) == [text]
    assert warnings_of(ok_result(job(), latency=busy(None), warnings=[LOAD])) == [LOAD]


def test_a_stored_judgement_yields_to_the_observation() -> None:
    # Of a shard, say, whose periods were summed with those of others.
    stored = [THROTTLED.replace("98 of 100", "9 of 10")]
    assert warnings_of(ok_result(job(), cpu_supply=LIMITED, warnings=stored)) == [THROTTLED]
    assert warnings_of(ok_result(job(), latency=busy(0.1), warnings=[LOAD])) == []


def test_what_is_well_is_not_spoken_of() -> None:
    unlimited = CpuSupply(None, None, None, None, 1.0, "there is no CPU quota")
    for supply in (CpuSupply(4.0, 100, 0, 0.0, 0.0), unlimited):
        assert warnings_of(ok_result(job(), latency=busy(0.25, detections=1), cpu_supply=supply)) == []


@pytest.mark.parametrize(
    ("names", "slow"),
    [
        (["libblas.so.3", "libgomp.so.1.0.0"], True),
        (["libblas.so.3", "libopenblasp-r0.3.29.so"], False),
        (["libblas.so.3", "libmkl_rt.so.2"], False),
        (["libgomp.so.1"], False),  # a wheel, with its BLAS inside
    ],
)
def test_the_reference_blas_alone_is_slow(names: list[str], slow: bool) -> None:
    assert warnings_of(ok_result(job(), software=loaded(*names))) == [SLOW_BLAS] * slow


@pytest.mark.parametrize(
    ("path", "threads", "said"),
    [
        ("/usr/lib/libopenblasp-r0.3.29.so", 3, True),
        ("/usr/lib/libopenblasp-r0.3.29.so", 2, False),
        ("/usr/lib/libopenblasp-r0.3.29.so", None, False),
        ("/venv/numpy.libs/libscipy_openblas64_.so", 3, False),  # torch computes nothing with it
    ],
)
def test_a_blas_with_more_threads_than_torch_is_spoken_of(path: str, threads: int | None, said: bool) -> None:
    libraries = [SharedLibrary("libopenblas.so", path, threads=threads)]
    wanted = "threads of the BLAS: libopenblas.so has 3 threads of its own beside torch's 2: bind both with --threads"
    assert warnings_of(ok_result(job(), software=software(threads=2, shared_libraries=libraries))) == [wanted] * said
