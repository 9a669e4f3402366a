"""Who runs a job by hand reads what was observed, and no judgement."""

from dataclasses import replace

from runner.contract import CpuSupply, Detections, Failure, SharedLibrary
from runner.told import told
from tests.samples import job, latency, ok_result, software


def test_a_measurement_is_told_with_all_that_is_judged_later() -> None:
    names = ("libblas.so.3", "libcublas.so.12", "libgomp.so.1", "libscipy_openblas64_.so")
    result = ok_result(
        job(),
        latency=replace(latency([10.0, 12.0, 11.0], detections=3), other_load_cpus=1.414),
        cpu_supply=CpuSupply(0.4, 50, 20, 900.0, 0.0),
        software=software(shared_libraries=[SharedLibrary(name, "/lib/" + name) for name in names]),
        remarks=["mine.pth: its entry model was read"],
    )
    assert list(told(result)) == [
        "ok: 11.0 ms, the median of 3 iterations",
        "detections: 3.0 an image",
        "other work: 1.41 CPUs busy meanwhile",
        "CPU quota: 0.4 CPUs, throttled in 20 of 50 periods",
        "BLAS: libblas.so.3, libscipy_openblas64_.so",
        "mine.pth: its entry model was read",
    ]


def test_what_is_unknown_is_not_told_as_zero() -> None:
    unlimited = CpuSupply(None, None, None, None, 0.0, "there is no CPU quota")
    lines = list(told(ok_result(job(), latency=replace(latency([9.0]), other_load_cpus=None), cpu_supply=unlimited)))
    assert lines == [
        "ok: 9.0 ms, the median of 1 iterations",
        "detections: 7.0 an image",
        "CPU quota: there is no CPU quota",
    ]


def test_a_detection_pass_is_told() -> None:
    passed = Detections("detections.sqlite", 4, 31, 0, [], 1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, other_load_cpus=0.5)
    lines = list(told(ok_result(job(), latency=None, detections=passed)))
    assert lines == ["ok: 31 boxes in 4 images", "other work: 0.50 CPUs busy meanwhile"]


def test_a_failure_is_told_with_its_reason() -> None:
    failure = Failure("JobError", "no such weights", "fetch them", "model")
    assert list(told(ok_result(job(), status="failed", latency=None, failure=failure))) == ["failed: no such weights"]
