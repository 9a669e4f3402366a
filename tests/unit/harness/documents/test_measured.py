import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.documents.measured import NO_TIME, flaw
from harness.documents.scores import Score
from harness.errors import BadDocument
from runner.contract import Detections, Result, Samples, Work
from tests.samples import job, latency, ok_result

GOOD = latency([10.0, 11.0])


def with_samples(**columns: list[object]) -> Result:
    samples: Samples = replace(GOOD.samples, **columns)  # type: ignore[arg-type]
    return ok_result(job(), latency=replace(GOOD, samples=samples))


def with_work(parameters: int | None, flops: list[int] | None) -> Result:
    return ok_result(job(), latency=replace(GOOD, work=Work(parameters, flops)))


PASSED = Detections("detections.sqlite", 0, 0, 0, [], 5.0, 3000.0, 900.0, 100.0, 12.0, 20.0, 2000.0, 30.0, 0.0)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (ok_result(job(), latency=None), "it is ok but holds no measurement"),
        (ok_result(job(), latency=None, detections=PASSED), "it is ok but detected in no image"),
        (ok_result(job(), latency=latency([])), "it is ok but has no measured sample"),
        (ok_result(job(), latency=latency([], warmup=0)), "it is ok but has no measured sample"),
        (with_samples(wall_ms=[1.0, 2.0]), "the columns of its samples are not of one length"),
        (with_samples(wall_ms=[1.0, 2.0, -1.0]), "it has a time that is not a positive number"),
        (with_samples(wall_ms=[1.0, 2.0, 0.0]), "it has a time that is not a positive number"),
        (with_samples(wall_ms=[1.0, 2.0, 1e308]), "it has a time that is not a positive number, or longer than a year"),
        (
            ok_result(job(), latency=None, detections=replace(PASSED, images=1, wall_ms=0.0)),
            "it has a time that is not",
        ),
        (with_samples(device_ms=[None, -1.0, None]), "it has a time that is not a positive number"),
        (with_work(-1, [1]), "it has parameters or operations whose number can't be"),
        (with_work(10**400, None), "it has parameters or operations whose number can't be"),
        (with_work(1, []), "it has parameters or operations whose number can't be"),
        (with_work(1, [5, 0]), "it has parameters or operations whose number can't be"),
        (with_work(1, [10**400]), "it has parameters or operations whose number can't be"),
    ],
)
def test_a_result_that_is_ok_without_a_measurement_is_unusable(tmp_path: Path, result: Result, sentence: str) -> None:
    path = tmp_path / "result.json"
    documents.write(path, result)
    with pytest.raises(BadDocument, match=f"result.json is not a usable result document: {sentence}.*; delete it"):
        documents.read(Result, path)


@pytest.mark.parametrize("times", [[1.0, math.nan, 2.0], [math.nan, 1.0, 2.0], [1.0, 2.0, math.inf]])
def test_what_is_no_number_is_no_time(times: list[object]) -> None:
    assert flaw(with_samples(wall_ms=times)) == flaw(with_samples(device_ms=times)) == NO_TIME


def test_one_that_failed_needs_none(tmp_path: Path) -> None:
    failed = replace(ok_result(job(), latency=None), status="failed")
    documents.write(tmp_path / "result.json", failed)
    assert documents.read(Result, tmp_path / "result.json") == failed


def test_a_score_without_ap_is_none() -> None:
    with pytest.raises(ValueError, match="its metrics lack AP"):
        Score("bbox", "float", "hotcoco", "1", 1, 1, 1, {"AP50": 0.5}, {}, None, None, None, None)
