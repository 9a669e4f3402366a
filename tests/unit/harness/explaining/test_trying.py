"""What is tried on the sides of an explanation: which causes, by which turns, and what is told of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import explaining
from harness.analysis.explaining import explained
from harness.documents import Plan
from harness.documents.explanation import Explanation
from harness.explaining import Question, trying
from harness.explaining.causes import CAUSES, Cause
from harness.explaining.trying import Trial, told, trial, without
from harness.explaining.turns import Anew, anew, measured
from harness.plan import Request
from harness.progress import Silent
from harness.report.explanation import sentences
from runner.contract import Content, Job, Result, SharedLibrary, Variant
from tests.samples import job, ok_result, plan, run_folder, software
from tests.unit.harness.profiles import profile, result

ONE_THREAD, BLAS, ONEDNN, ROUTE, RULE = CAUSES
OLD, NEW = "cuda10.2", "cpu-debian13"


def side(text: str) -> Anew:
    found = anew(text)
    assert found is not None
    return found


SIDES = (side(f"{OLD}@threads=2"), side(f"{NEW}@threads=2"))


def openblas(threads: int) -> list[SharedLibrary]:
    return [SharedLibrary("libopenblas.so.0", "/lib/libopenblas.so.0", "0.3.29", threads)]


def of(known: Any, **changes: Any) -> Result:
    """Return a result with a profile; `route` and `height` are of what was seen in its picture."""
    content = Content("1.jpg", 3, resized_height=changes.pop("height", 800), nms_route=changes.pop("route", "vanilla"))
    found = result(known, software=software(**changes))
    assert found.latency
    return replace(found, latency=replace(found.latency, contents=[content]))


def between(a: Result, b: Result) -> Explanation:
    return explained(("A", "B"), a, b, "SSD300 VGG16")


SLOW_BODY = profile(m1=(4.0, 4.0))


@pytest.mark.parametrize(
    ("a", "b", "tried"),
    [
        ({}, {"shared_libraries": openblas(2)}, [ONE_THREAD, BLAS]),
        ({}, {"torch_config": "MKL-DNN v3.7", "numerics": {"onednn": "True"}}, [ONEDNN]),
        ({}, {"shared_libraries": [replace(each, path="/v/numpy.libs/o.so") for each in openblas(2)]}, []),
        ({}, {"height": 799}, [RULE]),
        ({"threads": 1}, {"threads": 2}, [ONE_THREAD]),
        ({}, {}, []),
    ],
)
def test_causes_are_tried_whose_circumstances_differ_and_bear(
    a: dict[str, Any], b: dict[str, Any], tried: list[Cause]
) -> None:
    sides = of(profile(), **a), of(SLOW_BODY, **b)
    assert trial(between(*sides), SIDES, *sides) == Trial(tried, [])
    alike = of(profile(), **a), of(profile(), **b)
    assert trial(between(*alike), SIDES, *alike) == Trial(), "nothing is tried where nothing differs"


def test_a_route_of_suppression_bears_on_suppression_alone() -> None:
    slow_nms = of(profile(batched_nms=(90.0, 90.0)), route="coordinate trick")
    slow_body = of(SLOW_BODY, route="coordinate trick")
    plain = of(profile())
    assert trial(between(plain, slow_nms), SIDES, plain, slow_nms).causes == [ROUTE]
    assert trial(between(plain, slow_body), SIDES, plain, slow_body).causes == []


def test_what_a_stack_cannot_do_is_one_sentence() -> None:
    a, b = of(profile(), shared_libraries=[]), of(SLOW_BODY, shared_libraries=openblas(1), threads=1)
    a = replace(a, software=software(threads=1))
    assert trial(between(a, b), SIDES, a, b).left_out == [
        "not tried, one thread: neither side computes with several threads of a CPU",
        "not tried, BLAS on one thread alone: neither side's BLAS has threads of its own, beside torch's",
    ]
    ladder = (side(f"{OLD}@threads=1"), side(f"{OLD}@threads=2"))
    a, b = of(SLOW_BODY, threads=1), of(profile(), threads=2)
    assert trial(between(a, b), ladder, a, b).left_out == ["not tried, one thread: it would make both sides one"]


TIMES = {OLD: (40.0, 66.0, 40.0), NEW: (160.0, 39.6, 41.0)}
#: As it is, with one thread, and with one thread of the BLAS alone.
TURNS = (Variant(threads=2), Variant(threads=1), Variant(threads=2, blas_threads=1))


def measurements(followed: bool = True) -> Iterator[Result]:
    for repeat in (1, 2, 3):
        for environment, times in TIMES.items():
            for variant, ms in zip(TURNS, times, strict=True):
                own = openblas(variant.blas_threads or variant.threads or 1 if followed else 2)
                name = f"{environment}-{variant.threads}-{variant.blas_threads}-{repeat}"
                of_turn: Job = replace(job(environment=environment, repeat=repeat, variant=variant), cell=name)
                seen = software(threads=variant.threads, shared_libraries=own if environment == NEW else [])
                found = ok_result(of_turn, wall_ms=ms * (1 + (repeat - 2) / 100 * (environment == OLD)), software=seen)
                assert found.latency
                samples = found.latency.samples
                cpu = 400.0 if environment == NEW and variant == TURNS[0] else 70.0
                samples = replace(samples, process_cpu_ms=[cpu] * len(samples.wall_ms))
                yield replace(found, latency=replace(found.latency, samples=samples))


def told_of(run: Path, causes: list[Any]) -> Explanation:
    plain = between(of(profile()), of(SLOW_BODY))
    return told(replace(plain, builder="ssd300_vgg16"), SIDES, Trial(causes, ["left out"]), run)


def test_what_remains_without_each_cause_has_its_interval(tmp_path: Path) -> None:
    found = told_of(run_folder(tmp_path / "run", *measurements()).path, [ONE_THREAD, BLAS])
    one, blas = found.tried
    assert (one.what, blas.what) == ("one thread", "BLAS on one thread alone")
    assert one.before == blas.before and one.before is not None and one.after is not None and blas.after is not None
    assert one.before.ratio == pytest.approx(4, rel=0.01) and one.after.ratio == pytest.approx(0.6, rel=0.01)
    assert blas.after.ratio == pytest.approx(1.025, rel=0.01) and blas.after.processes == 3
    assert one.after.low < 0.6 < one.after.high
    assert any("tried one thread: B takes 0.60 times" in line for line in sentences(found))
    assert found.remarks == [
        "left out",
        "B's threads take 400.0 ms of CPU time an iteration, one alone 70.0 ms: they wait for each other by spinning",
    ]


def test_a_cause_that_was_still_there_is_not_told(tmp_path: Path) -> None:
    found = told_of(run_folder(tmp_path / "run", *measurements(followed=False)).path, [BLAS])
    assert found.tried == [] and found.remarks == [
        "left out",
        "not told, BLAS on one thread alone: a stack did not follow, and the cause was still there",
    ]


def test_too_few_processes_have_no_ratio(tmp_path: Path) -> None:
    first = [each for each in measurements() if each.job.repeat == 1]
    (found,) = told_of(run_folder(tmp_path / "run", *first).path, [BLAS]).tried
    assert found.before is None and found.after is None


def test_sides_are_measured_by_turns_with_and_without_the_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    plans: list[Plan] = []

    def planned(request: Request, *_: object) -> Plan:
        asked.append(request)
        variants = [request.variant, *request.ladder]
        jobs = [job(environment=request.images[0], repeat=n, variant=each) for n in (1, 2) for each in variants]
        return plan(*jobs)

    def start(made: Plan, *_: object) -> Any:
        plans.append(made)
        return SimpleNamespace(folder=SimpleNamespace(path=Path("/r")))

    monkeypatch.setattr("harness.explaining.turns.pipeline", SimpleNamespace(planned=planned, start=start))
    trials = {"ssd300_vgg16": Trial([ONE_THREAD]), "another": Trial()}
    run = trying.measured_without(SIDES, trials, Request(images=[], models=["x"]), [], Silent())
    assert run == Path("/r")
    assert [(each.images, each.models, each.repeats, each.profile, len(each.ladder)) for each in asked] == [
        ([OLD], ["ssd300_vgg16"], 3, False, 1),
        ([NEW], ["ssd300_vgg16"], 3, False, 1),
    ]
    turns = [(cell.job.repeat, cell.job.environment, cell.job.variant.threads) for cell in plans[0].cells]
    assert turns == [(n, where, threads) for n in (1, 2) for threads in (2, 1) for where in (OLD, NEW)]
    assert trying.measured_without(SIDES, {"another": Trial()}, Request(images=[], models=[]), [], Silent()) is None
    assert without(SIDES[0], ONE_THREAD).variant == Variant(threads=1)
    assert measured(SIDES, Request(images=[], models=["x"], profile=True), [], Silent()) == Path("/r")


def test_what_is_tried_follows_what_was_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = zip(SIDES, (of(profile()), of(SLOW_BODY, shared_libraries=openblas(2))), strict=True)
    profiled = [
        replace(each, job=replace(job(environment=one.environment, variant=one.variant), cell=one.environment))
        for one, each in pairs
    ]
    runs = [
        run_folder(tmp_path / "profiled", *profiled).path,
        run_folder(tmp_path / "tried", *measurements()).path,
    ]
    asked: list[Request] = []

    def now(sides: object, request: Request, *_: object) -> Path:
        asked.append(request)
        return runs[len(asked) - 1]

    monkeypatch.setattr(explaining, "measured", now)
    monkeypatch.setattr(trying, "measured", now)
    question = Question(SIDES[0].text, SIDES[1].text, ["ssd300_vgg16"], "random", tries=True)
    (found,) = explaining.explain(question, [], Silent()).models
    assert [(each.profile, each.repeats) for each in asked] == [(True, 1), (False, 3)]
    assert [each.what for each in found.tried] == ["one thread", "BLAS on one thread alone"]
    assert found.remarks[-1].endswith("they wait for each other by spinning")
