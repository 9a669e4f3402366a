"""The sides of an explanation, read from runs."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness import explain
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, StorageError
from harness.explaining.turns import anew, part_of
from harness.report.explained import write
from runner.contract import Result
from tests.samples import job, ok_result, run_folder
from tests.unit.harness.profiles import profile, result


def at(path: Path, *results: Result, host: str = "h") -> str:
    from harness.documents import Host

    return str(run_folder(path, *results, host=Host(host)).path)


def of(builder: str = "ssd300_vgg16", environment: str = "cuda10.2", **changed: tuple[float, float]) -> Result:
    return replace(result(profile(**changed)), job=job(builder, environment))


def test_models_that_both_sides_have_are_explained_and_the_others_said(tmp_path: Path) -> None:
    a = at(tmp_path / "a", of(), of("ssdlite320_mobilenet_v3_large"))
    b = at(tmp_path / "b", of(m1=(4.0, 4.0)))
    found = explain(a, b)
    assert [each.model for each in found.models] == ["SSD300 VGG16"]
    assert found.models[0].differences[0].what == "depthwise convolutions"
    assert found.remarks == [f"SSDlite320 MobileNetV3-Large is not explained: {b} has no profile of it"]
    with pytest.raises(BadInput, match="has no profile of it; name a --model that both sides have"):
        explain(a, b, models=["ssdlite320_mobilenet_v3_large"])


def test_parts_of_one_run_are_sides(tmp_path: Path) -> None:
    run = at(tmp_path / "a", of(), of(environment="cuda11.1", m1=(4.0, 4.0)))
    found = explain(f"{run}:cuda10.2", f"{run}:cuda11.1")
    assert found.models[0].b_ms > found.models[0].a_ms


def test_a_run_that_was_not_profiled_says_how_or_why(tmp_path: Path) -> None:
    plain = at(tmp_path / "a", ok_result(job()))
    with pytest.raises(BadInput, match="has no profile; measure it with: harness run --profile"):
        explain(plain, plain)
    measured = of().latency
    assert measured
    failed = replace(of(), latency=replace(measured, profile=None, profile_missing_reason="the pass failed: no"))
    run = at(tmp_path / "b", failed)
    with pytest.raises(BadInput, match="has no profile: the pass failed: no"):
        explain(run, run)


def test_runs_of_different_hosts_are_explained_and_it_is_said(tmp_path: Path) -> None:
    found = explain(at(tmp_path / "a", of()), at(tmp_path / "b", of(), host="g"))
    assert len(found.models) == 1
    assert found.remarks[0].endswith("on different hosts, so that the machine explains a part")


def test_an_environment_is_measured_anew_with_its_knobs() -> None:
    side = anew("cuda10.2@threads=1")
    assert side is not None and (side.environment, side.variant.threads) == ("cuda10.2", 1)
    assert part_of(Path("/r"), side) == "/r:cuda10.2@threads=1"
    both = anew("cuda10.2@blas-threads=1@onednn=off")
    assert both is not None and (both.variant.blas_threads, both.variant.onednn) == (1, "off")
    assert anew("latest:cuda10.2") is None
    with pytest.raises(BadInput, match="several values"):
        anew("cuda10.2@threads=1,2")


def test_it_is_written_whole_or_refused_in_a_sentence(tmp_path: Path) -> None:
    run = at(tmp_path / "a", of(), of(environment="cuda11.1", m1=(4.0, 4.0)))
    found = explain(f"{run}:cuda10.2", f"{run}:cuda11.1")
    assert write(found.models, found.remarks, tmp_path / "out") == []
    (told,) = json.loads((tmp_path / "out" / "explain.json").read_text())
    assert told["schema_version"] == 1 and told["differences"][0]["why"] == "slower"
    assert "<svg" not in (tmp_path / "out" / "explain.html").read_text()
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be written"):
        write(found.models, [], tmp_path / "file" / "out")


def test_the_traces_of_both_sides_lie_beside_it_or_it_is_said_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(profile(), trace_missing_reason="the trace was not written as a whole: is the disk full?")
    a, b = of(), replace(result(lost), job=job(environment="cuda11.1"))
    run = at(tmp_path / "a", a, b)
    RunFolder(Path(run)).trace(a.job).write_bytes(b"packed")
    found = explain(f"{run}:cuda10.2", f"{run}:cuda11.1", out=tmp_path / "out")
    assert (tmp_path / "out" / "ssd300-vgg16-a.trace.json.gz").read_bytes() == b"packed"
    assert found.remarks == [f"SSD300 VGG16: there is no trace of B: {lost.trace_missing_reason}"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    first, second = explain(f"{run}:cuda10.2", f"{run}:cuda10.2", out=tmp_path / "full").remarks
    assert first.startswith("SSD300 VGG16: there is no trace of A: ") and "No space left on device" in first
    assert second.startswith("SSD300 VGG16: there is no trace of B: ")
    assert {path.suffix for path in (tmp_path / "full").iterdir()} == {".json", ".md", ".html", ".svg", ".folded"}


def test_a_profile_of_before_traces_says_so(tmp_path: Path) -> None:
    run = at(tmp_path / "a", of(), of(environment="cuda11.1"))
    found = explain(f"{run}:cuda10.2", f"{run}:cuda11.1", out=tmp_path / "out")
    assert found.remarks[0] == "SSD300 VGG16: there is no trace of A: it was profiled before traces were kept"


def test_sides_are_two_runs_or_two_environments_that_differ(tmp_path: Path) -> None:
    run = at(tmp_path / "a", of())
    with pytest.raises(BadInput, match="one of A and B is a run, the other an environment"):
        explain(run, "cuda10.2")
    with pytest.raises(BadInput, match="nothing says which model is to be measured; name one with --model"):
        explain("cuda10.2", "local")
    with pytest.raises(BadInput, match="are the same; name two environments"):
        explain("cuda10.2", "cuda10.2", models=["ssd300_vgg16"])
    with pytest.raises(BadInput, match="--try measures, and A and B are measured already"):
        explain(run, run, try_=True)
