"""Causes planted in a model that was really profiled: each is named first, in its place, and with its kind.

tools/record_profiles.py recorded them. They are judged by CPU time and calls, which other load lengthens little.
"""

import gzip
import json
from functools import cache

from harness.analysis.explaining import explained
from harness.documents.explanation import Circumstance, Explanation, PlaceDifference
from harness.paths import ROOT
from runner.contract import Profile, Result, Software
from runner.contract.serialise import from_dict
from tests.unit.harness.profiles import result

FOLDER = ROOT / "tests" / "data" / "profiles"


@cache
def recorded(name: str) -> Result:
    read = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    return result(from_dict(Profile, read["profile"]), software=from_dict(Software, read["software"]))


@cache
def between(a: str, b: str) -> Explanation:
    return explained((a, b), recorded(a), recorded(b), "SSDlite320 MobileNetV3-Large")


def largest(a: str, b: str) -> PlaceDifference:
    found = between(a, b)
    assert found.beyond_noise
    return found.differences[0]


def cpu_times(each: PlaceDifference) -> float:
    return each.b.cpu_ms / each.a.cpu_ms


def test_a_slow_module() -> None:
    found = largest("plain", "slow-module")
    assert (found.where, found.why) == ("head.regression_head", "slower")
    assert cpu_times(found) > 3 and found.a.calls == found.b.calls and found.share > 0.5
    assert largest("slow-module", "plain").where == "head.regression_head"


def test_onednn_off() -> None:
    found = largest("plain", "onednn-off")
    assert (found.where, found.what, found.why) == ("backbone.features", "depthwise convolutions", "other kernels")
    assert found.a.operators == ["aten::mkldnn_convolution"] and found.b.operators is not None
    assert not set(found.a.operators) & set(found.b.operators) and found.bearing == ["oneDNN"]
    others = [each.why for each in between("plain", "onednn-off").differences if "depthwise" in each.what]
    assert len(others) > 2 and set(others) == {"other kernels"}
    assert cpu_times(found) > 3


def test_ten_times_the_candidates() -> None:
    found = largest("plain", "more-candidates")
    assert (found.where, found.what, found.why) == ("batched_nms", "suppression", "other work")
    assert cpu_times(found) > 3


def test_another_size() -> None:
    found = largest("plain", "larger")
    assert found.where == "backbone.features" and found.why == "other work"
    assert cpu_times(found) > 3


def test_one_thread_against_two_that_share_a_cpu() -> None:
    found = largest("plain", "two-threads")
    assert found.where == "backbone.features" and found.bearing[0] == "threads"
    assert cpu_times(found) > 3 and found.a.calls == found.b.calls
    assert not {each.why for each in between("plain", "two-threads").differences} & {"other work"}
    assert between("plain", "two-threads").circumstances[0] == Circumstance("threads", "1", "2")


def test_the_reference_blas() -> None:
    found = largest("openblas", "reference-blas")
    assert (found.where, found.what, found.why) == ("backbone.features", "pointwise convolutions", "slower")
    assert cpu_times(found) > 3 and found.a.calls == found.b.calls and found.bearing[0] == "BLAS"
    blas = next(each for each in between("openblas", "reference-blas").circumstances if each.what == "BLAS")
    assert "openblas" in str(blas.a) and "openblas" not in str(blas.b)


def test_between_the_same_twice_there_is_nothing_beyond_noise() -> None:
    found = between("plain", "again")
    assert not found.beyond_noise and found.differences == []
