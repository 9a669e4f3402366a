"""The sides of an explanation, read from runs."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import explain
from harness.analysis.explaining import explained
from harness.documents import Plan
from harness.errors import BadInput, StorageError
from harness.explaining.turns import anew, measured, part_of, tried, without
from harness.plan import Request
from harness.progress import Silent
from harness.report.explained import write
from harness.report.explanation import sentences
from runner.contract import Result, Variant
from tests.samples import job, ok_result, plan, run_folder, software
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
    assert anew("latest:cuda10.2") is None
    with pytest.raises(BadInput, match="several values"):
        anew("cuda10.2@threads=1,2")


def test_it_is_written_whole_or_refused_in_a_sentence(tmp_path: Path) -> None:
    run = at(tmp_path / "a", of(), of(environment="cuda11.1", m1=(4.0, 4.0)))
    found = explain(f"{run}:cuda10.2", f"{run}:cuda11.1")
    written = write(found.models, found.remarks, tmp_path / "out")
    (told,) = json.loads((written / "explain.json").read_text())
    assert told["schema_version"] == 1 and told["differences"][0]["why"] == "slower"
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be written"):
        write(found.models, [], tmp_path / "file" / "out")


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


def test_what_remains_without_a_cause_has_its_interval(tmp_path: Path) -> None:
    times = {("cuda10.2", 2): 40.0, ("cuda10.2", 1): 66.0, ("cpu-debian13", 2): 160.0, ("cpu-debian13", 1): 39.6}
    results = [
        replace(
            ok_result(timed, wall_ms=ms * (1 + (repeat - 2) / 100 * (environment == "cuda10.2"))),
            software=software(threads=threads),
        )
        for (environment, threads), ms in times.items()
        for repeat in (1, 2, 3)
        for timed in [job(environment=environment, repeat=repeat, variant=Variant(threads=threads))]
        for timed in [replace(timed, cell=f"{environment}-{threads}-{repeat}")]
    ]
    run = Path(at(tmp_path / "a", *results))
    a, b = anew("cuda10.2@threads=2"), anew("cpu-debian13@threads=2")
    assert a and b and without(a, "threads=1").text == "cuda10.2@threads=1"
    (found,) = tried(run, a, b, "ssd300_vgg16")
    assert found.what == "one thread" and found.before and found.after
    assert found.before.ratio == pytest.approx(4, rel=0.01) and found.after.ratio == pytest.approx(0.6, rel=0.01)
    assert found.after.low < 0.6 < found.after.high and found.after.processes == 3
    told = replace(explained(("A", "B"), of(), of(m1=(4.0, 4.0)), "SSD300"), tried=[found])
    assert any("tried one thread: B takes 0.60 times" in line for line in sentences(told))
    assert next(iter(tried(run, a, b, "other"))).after is None


def test_sides_are_measured_by_turns_with_and_without_the_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    plans = {}

    def planned(request: Request, *_: object) -> Plan:
        asked.append(request)
        variants = [request.variant, *request.ladder]
        jobs = [job(environment=request.images[0], repeat=n, variant=each) for n in (1, 2) for each in variants]
        return plan(*jobs)

    def start(made: Plan, *_: object) -> Any:
        plans["made"] = made
        return SimpleNamespace(folder=SimpleNamespace(path=Path("/r")))

    monkeypatch.setattr("harness.explaining.turns.pipeline", SimpleNamespace(planned=planned, start=start))
    a, b = anew("cuda10.2@threads=2"), anew("cpu-debian13")
    assert a and b
    assert measured(a, b, Request(images=[], models=["ssd300_vgg16"]), [], Silent(), tries=True) == Path("/r")
    assert [(each.images, each.repeats, each.profile, len(each.ladder)) for each in asked] == [
        (["cuda10.2"], 3, True, 1),
        (["cpu-debian13"], 3, True, 1),
    ]
    assert [(cell.job.environment, cell.job.variant.threads) for cell in plans["made"].cells][:4] == [
        *(("cuda10.2", 2), ("cuda10.2", 1), ("cpu-debian13", None), ("cpu-debian13", 1)),
    ]
