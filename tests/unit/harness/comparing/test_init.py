"""Two sides of runs, as people name them, compared."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import comparing
from harness.agreement import passes
from harness.analysis.process import NO_COUNT, NO_CPU_TIME
from harness.api.comparisons import comparisons
from harness.comparing import Read
from harness.data import shapes
from harness.documents import Host
from harness.documents.agreement import Agreement
from harness.documents.comparison import Comparison
from harness.documents.run_folder import is_held
from harness.errors import BadInput
from harness.progress import Silent
from harness.report.comparison import comparison_tables
from runner.contract import CpuSupply, Failure, Input, Result, SharedLibrary, Variant, Weights
from tests.samples import job, software
from tests.unit.harness.agreements import judged, portion
from tests.unit.harness.pass_runs import PICTURES, cell, run_of
from tests.unit.harness.sides import OTHER, ROUNDS, SSD, process, side, write

NEWER = "cpu-debian13"


def compare(
    a: object, b: object, *, margin: str = "3%", fail_on: str | None = None, on: str = "wall", allow: bool = False
) -> Comparison:
    return comparing.compared(str(a), str(b), comparing.asked(margin, fail_on, on, allow=allow), Silent())


def test_environments_of_one_run_are_paired_by_round(tmp_path: Path) -> None:
    drifting = (10.0, 11.0, 12.0, 13.0, 14.0)
    write(tmp_path / "run", *side(drifting), *side(drifting, by=1.1, environment=NEWER))
    found = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}")
    (model,) = found.models
    assert (model.model, model.part, model.unpaired_reason) == (SSD, "", None)
    assert model.wall.paired
    assert model.wall.ratio == pytest.approx(1.1)
    assert [model.wall.low, model.wall.high] == pytest.approx([1.1, 1.1])  # the drift cancels out
    assert model.wall.verdict == "slower"
    assert [model.wall_a_ms, model.wall_b_ms] == pytest.approx([240240**0.2, 1.1 * 240240**0.2])


def test_two_runs_are_not_paired_and_that_is_said(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(by=1.2, begun="09:00"))
    (model,) = compare(tmp_path / "a", tmp_path / "b").models
    assert model.unpaired_reason == "they are of two runs"
    assert not model.wall.paired
    assert model.wall.low < 1.2 < model.wall.high


def test_two_runs_that_took_turns_on_one_machine_are_paired_by_repeat(tmp_path: Path) -> None:
    drifting, turns = (10.0, 11.0, 12.0, 13.0, 14.0), [f"{n:02d}:40" for n in range(1, 6)]
    later = [process(1.1 * ms, n, begun=turns[n - 1]) for n, ms in enumerate(drifting, 1)]
    write(tmp_path / "a", *side(drifting))
    write(tmp_path / "b", *later)
    (model,) = compare(tmp_path / "a", tmp_path / "b").models
    assert (model.unpaired_reason, model.wall.paired, model.wall.verdict) == (None, True, "slower")
    assert [model.wall.low, model.wall.high] == pytest.approx([1.1, 1.1])
    write(tmp_path / "elsewhere", *later, host=Host("another"))
    (model,) = compare(tmp_path / "a", tmp_path / "elsewhere", allow=True).models
    assert model.unpaired_reason == "they are of two runs"


def decoded(result: Result, cat: str = "a") -> Result:
    """Return the result with what its pictures were decoded to."""
    assert result.latency
    pixels = {"cat.jpg": cat, "dog.jpg": "d"}
    inputs = [Input(name, 300, 400, pixels[name] * 64) for name in dict.fromkeys(result.latency.samples.image)]
    return replace(result, latency=replace(result.latency, inputs=inputs))


def test_a_process_that_was_cut_short_is_compared_by_the_pictures_that_all_saw(tmp_path: Path) -> None:
    both = {"cat.jpg": 10.0, "dog.jpg": 12.0}
    whole = [decoded(process(both, n)) for n in range(2, 6)]
    short = decoded(process({"cat.jpg": 10.0}, 1))
    write(tmp_path / "a", short, *whole)
    write(tmp_path / "b", *whole, decoded(process(both, 6)), host=Host("another"))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert (found.models[0].pictures, found.models[0].pictures_left_out) == (1, 1)
    assert "decoded pictures" not in {each.what for each in found.unlike}
    write(tmp_path / "c", *(decoded(process(both, n), cat="c") for n in range(1, 6)), host=Host("another"))
    assert "decoded pictures" in {each.what for each in compare(tmp_path / "a", tmp_path / "c").unlike}


def test_what_was_measured_one_after_the_other_is_not_paired(tmp_path: Path) -> None:
    late = [process(ms, n, environment=NEWER, begun=f"3{n}:00") for n, ms in enumerate(ROUNDS, 1)]
    write(tmp_path / "run", *side(), *late)
    (model,) = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").models
    assert model.unpaired_reason == "they did not run by turns"


def test_a_ladder_never_gets_one_verdict(tmp_path: Path) -> None:
    results = []
    for threads, times in ((1, 2.0), (2, 0.5)):
        seen: dict[str, Any] = {
            "of": {"variant": Variant(threads=threads), "step": f"t{threads}"},
            "software": software(threads=threads),
        }
        results += side(**seen) + side(by=times, environment=NEWER, **seen)
    write(tmp_path / "run", *results)
    found = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}")
    assert [(each.part, each.wall.verdict) for each in found.models] == [
        ("threads: 1", "slower"),
        ("threads: 2", "faster"),
    ]
    assert found.over_models == []
    one, two = f"{tmp_path}/run:cuda10.2@threads=1", f"{tmp_path}/run@threads=2:cuda10.2"
    (model,) = compare(one, two).models
    assert (model.part, model.wall.verdict) == ("", "equivalent")
    assert ("threads", "1", "2") in [(each.what, each.a, each.b) for each in compare(one, two).unlike]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (":cuda11.4", "there is no environment 'cuda11.4' in the run .*; it has cuda10.2"),
        ("@threads=7", "no cell has threads=7; there is threads=2"),
        ("@threads=many", "no cell has threads=many; there is threads=2"),
        ("@thread=1", "there is no knob 'thread'; did you mean blas_threads or threads"),
        ("@threads", "gives 'threads' no value"),
        (":", "names no environment"),
        ("@", "names no knob behind its @"),
        ("@environment=cuda10.2", "the environment is no knob; name it behind a colon: RUN:ENV"),
    ],
)
def test_an_unknown_part_is_named_with_what_there_is(tmp_path: Path, part: str, said: str) -> None:
    write(tmp_path / "run", *side())
    with pytest.raises(BadInput, match=said):
        compare(f"{tmp_path}/run{part}", tmp_path / "run")


def test_a_run_may_have_a_colon_in_its_name(tmp_path: Path) -> None:
    write(tmp_path / "a:b", *side())
    write(tmp_path / "b", *side(begun="09:00"))
    assert compare(f"{tmp_path}/a:b:cuda10.2", tmp_path / "b").a.environment == "cuda10.2"


def test_a_run_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no run"):
        compare(f"{tmp_path}/none:cuda10.2", f"{tmp_path}/none")


def test_pictures_are_paired_first(tmp_path: Path) -> None:
    slow, fast = {"a.jpg": 100.0, "b.jpg": 10.0}, {"a.jpg": 100.0, "b.jpg": 20.0}
    write(tmp_path / "a", *[process(slow | {"c.jpg": 1.0}, n) for n in (1, 2)])
    write(tmp_path / "b", *[process(fast, n, begun="09:00") for n in (1, 2)])
    (model,) = compare(tmp_path / "a", tmp_path / "b").models
    assert model.wall.ratio == pytest.approx(2**0.5)  # of the pictures' own, and not of their sums
    assert (model.pictures, model.pictures_left_out) == (2, 1)


def test_both_clocks_have_a_verdict_and_an_exit_code_follows_the_one_that_is_asked(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    waits = [process(2 * ms, n, cpu=0.5, begun="09:00") for n, ms in enumerate(ROUNDS, 1)]
    write(tmp_path / "b", *waits)
    for on, fails in (("wall", True), ("cpu", False), ("both", True)):
        found = compare(tmp_path / "a", tmp_path / "b", margin="10%", fail_on="3%", on=on)
        assert found.fails is fails
    (model,) = found.models
    assert model.cpu
    assert (model.wall.verdict, model.cpu.verdict) == ("slower", "equivalent")


def test_without_cpu_time_the_rest_is_compared(tmp_path: Path) -> None:
    write(tmp_path / "a", *side(cpu=None))
    write(tmp_path / "b", *side(begun="09:00"))
    (model,) = (found := compare(tmp_path / "a", tmp_path / "b", margin="10%", on="cpu")).models
    assert (model.cpu, model.cpu_missing_reason, model.wall.verdict) == (None, NO_CPU_TIME, "equivalent")
    assert found.ambiguous


def test_instructions_are_compared_where_both_sides_counted_them(tmp_path: Path) -> None:
    write(tmp_path / "run", *side(instructions=4_000_000), *side(environment=NEWER, instructions=5_000_000))
    (model,) = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").models
    assert model.instructions
    assert (model.wall.verdict, model.instructions.verdict) == ("equivalent", "slower")
    assert model.instructions.ratio == pytest.approx(1.25)
    assert model.instructions_a == pytest.approx(4 * model.wall_a_ms)  # in millions
    assert model.instructions_missing_reason is None


@pytest.mark.parametrize(("counted", "reason"), [(None, NO_COUNT), ("nobody may count", "nobody may count")])
def test_without_a_count_of_instructions_on_one_side_the_reason_stands_in_its_place(
    tmp_path: Path, counted: str | None, reason: str
) -> None:
    write(tmp_path / "run", *side(instructions=4_000_000), *side(environment=NEWER, instructions=counted))
    (model,) = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").models
    assert (model.instructions, model.instructions_a, model.instructions_missing_reason) == (None, None, reason)


def test_a_busy_neighbour_beside_one_side_is_named(tmp_path: Path) -> None:
    write(tmp_path / "run", *side(load=0.02), *side(environment=NEWER, load=1.4))
    found = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}")
    assert [(each.what, each.a, each.b) for each in found.unlike if each.disturbs] == [
        ("CPUs that other work kept busy", "0.02", "1.40")
    ]


def test_a_quota_that_stopped_one_side_is_named(tmp_path: Path) -> None:
    write(tmp_path / "run", *side(), *side(environment=NEWER, cpu_supply=CpuSupply(1.0, 100, 40, 900.0, 0.0)))
    disturbing = [
        each for each in compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").unlike if each.disturbs
    ]
    assert [(each.what, each.a, each.b) for each in disturbing] == [("periods stopped by a CPU quota", None, "40 %")]


def test_what_computes_is_named_where_it_differs(tmp_path: Path) -> None:
    common, own = (
        SharedLibrary("libgomp.so.1.0.0", "/", "1.0.0"),
        SharedLibrary("libopenblas.so", "/", "OpenBLAS 0.3.2 X"),
    )
    write(
        tmp_path / "run",
        *side(software=software(shared_libraries=[common, own])),
        *side(environment=NEWER, software=software(shared_libraries=[common], threads=1)),
    )
    told = {
        each.what: (each.a, each.b) for each in compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").unlike
    }
    assert told["BLAS or OpenMP"] == ("OpenBLAS 0.3.2", None)
    assert told["threads"] == ("2", "1")
    assert told["environment"] == ("cuda10.2", NEWER)


def test_what_follows_from_another_difference_is_not_told(tmp_path: Path) -> None:
    newer = software(torch="2.6.0", torch_config="another")
    write(tmp_path / "run", *side(), *side(environment=NEWER, software=newer))
    told = [each.what for each in compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}").unlike]
    assert told == ["environment", "torch"]
    write(tmp_path / "b", *side(begun="09:00", software=software(torch_config="another")))
    (built,) = compare(f"{tmp_path}/run:cuda10.2", tmp_path / "b", allow=True).unlike
    assert built.what == "how torch was built"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"of": {"protocol": "published-2021"}}, "protocol"),
        ({"weights_sha256": "cd" * 32}, "weights or thresholds of one model"),
        ({"of": {"images": []}}, "inputs"),
    ],
)
def test_what_must_be_alike_is_refused_or_labelled(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(begun="09:00", **changes))
    with pytest.raises(BadInput, match=f"not comparable: .*{what}.*--allow"):
        compare(tmp_path / "a", tmp_path / "b")
    found = compare(tmp_path / "a", tmp_path / "b", allow=True)
    assert what in [each.what for each in found.unlike if each.essential]


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    spec = replace(job(SSD).model, weights=Weights("pretrained"))
    write(tmp_path / "b", *side(begun="09:00", of={"model": spec}))
    with pytest.raises(BadInput, match=r"weights \(random \| pretrained\)"):
        compare(tmp_path / "a", tmp_path / "b")


def test_several_models_have_a_mean_and_are_corrected(tmp_path: Path) -> None:
    write(
        tmp_path / "run",
        *side(),
        *side(environment=NEWER, by=1.1),
        *side(model=OTHER),
        *side(environment=NEWER, by=1 / 1.1, model=OTHER),
    )
    found = compare(f"{tmp_path}/run:cuda10.2", f"{tmp_path}/run:{NEWER}", fail_on="3%")
    assert [each.wall.verdict for each in found.models] == ["slower", "faster"]
    mean, of_cpu = found.over_models
    assert (mean.clock, mean.models, of_cpu.clock) == ("wall", 2, "cpu")
    assert mean.estimate.ratio == pytest.approx(1.0)
    assert found.fails


def test_an_exit_code_depends_on_all_models_together(tmp_path: Path) -> None:
    # Of this one model alone it would be shown; of six at once it is not.
    noisy = (1.12, 1.02, 1.16, 1.05, 1.13)
    results = [process(ms, n) for n, ms in enumerate(ROUNDS, 1)]
    results += [process(ms * by, n, environment=NEWER) for n, (ms, by) in enumerate(zip(ROUNDS, noisy, strict=True), 1)]
    write(tmp_path / "one", *results)
    models = [OTHER, "retinanet_resnet50_fpn", "fcos_resnet50_fpn", "fasterrcnn_resnet50_fpn"]
    for model in models:
        results += side(model=model) + side(model=model, environment=NEWER)
    write(tmp_path / "five", *results)
    for name, fails in (("one", True), ("five", False)):
        found = compare(f"{tmp_path}/{name}:cuda10.2", f"{tmp_path}/{name}:{NEWER}", fail_on="3%")
        assert found.fails is fails


def test_no_model_in_common(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(model=OTHER))
    with pytest.raises(BadInput, match=r"no model in common: A has SSDlite320 .*, B has SSD300"):
        compare(tmp_path / "a", tmp_path / "b")


def test_one_process_a_side(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    write(tmp_path / "b", process(10.0, 1, begun="09:00"))
    with pytest.raises(BadInput, match=r"one process in B.*more --repeats"):
        compare(tmp_path / "a", tmp_path / "b")


def test_what_all_models_lack_is_said_once(tmp_path: Path) -> None:
    write(tmp_path / "a", *side(), *side(model=OTHER))
    write(tmp_path / "b", process(10.0, 1, begun="09:00"), process(10.0, 1, OTHER, begun="09:00"))
    with pytest.raises(
        BadInput, match=r"compared: SSDlite320 MobileNetV3-Large, SSD300 VGG16: one process in B"
    ) as raised:
        compare(tmp_path / "a", tmp_path / "b")
    assert str(raised.value).count("one process") == 1


def test_a_model_that_can_not_be_compared_takes_no_other_along(tmp_path: Path) -> None:
    write(tmp_path / "a", *side(), *side(model=OTHER))
    write(tmp_path / "b", *side(begun="09:00"), process(10.0, 1, OTHER, begun="09:00"))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert [each.model for each in found.models] == [SSD]
    assert "one process in B" in found.left_out[0]


def test_failed_cells_are_told(tmp_path: Path) -> None:
    failure = Failure("crash", "it crashed", "look at log.txt", "model")
    broken = replace(process(10.0, 6, begun="09:00"), status="failed", failure=failure, latency=None)
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(begun="09:00"), broken)
    (text,) = compare(tmp_path / "a", tmp_path / "b").left_out
    assert text.startswith("B: 1 process left out, SSDlite320")
    assert "it crashed" in text
    write(tmp_path / "c", broken)
    with pytest.raises(BadInput, match=r"B, .*, has no latency: .*it crashed"):
        compare(tmp_path / "a", tmp_path / "c")
    write(tmp_path / "d", broken, *side(model=OTHER, begun="09:00"))
    with pytest.raises(BadInput, match=r"no model in common: .*; B: 1 process left out, SSDlite320 .*it crashed"):
        compare(tmp_path / "a", tmp_path / "d")


def test_a_side_is_not_compared_with_itself(tmp_path: Path) -> None:
    write(tmp_path / "a", *side())
    with pytest.raises(BadInput, match="both sides hold the measurement"):
        compare(tmp_path / "a", f"{tmp_path}/a:cuda10.2")


@pytest.mark.parametrize("text", ["-3%", "many", "300%", ""])
def test_a_margin_is_a_share(text: str) -> None:
    with pytest.raises(BadInput, match="is no share from 0"):
        comparing.asked(text, None, "wall", allow=False)


def test_passes_that_can_not_be_compared_are_said_and_the_times_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise BadInput("the annotations changed after the run was planned", "run again")

    monkeypatch.setattr(comparing, "_agreement", broken)
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(by=1.2, begun="09:00"))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert [model.wall.verdict for model in found.models] == ["slower"]
    reason = "its detections, the annotations changed after the run was planned"
    assert found.left_out == [f"SSDlite320 MobileNetV3-Large: {reason}"]


@pytest.mark.parametrize(
    ("agreement", "word", "sentence"),
    [
        (judged(), "equal", ""),
        (
            judged(portion("resize")),
            "different: resize",
            "detections different in 2 of 5: 2 resized to another size; equal in the 3 others; 0 unexplained",
        ),
        (
            judged(portion(unexplained=True, images=1), portion("resize", images=1)),
            "different: unexplained, resize",
            "detections different in 2 of 5: 1 unexplained, 1 resized to another size; equal in the 3 others",
        ),
    ],
)
def test_detections_that_differ_for_a_known_cause_are_told_from_others(
    agreement: Agreement, word: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_agreement", lambda *_: agreement)
    write(tmp_path / "a", *side())
    write(tmp_path / "b", *side(begun="09:00"))
    found = compare(tmp_path / "a", tmp_path / "b")
    (table,) = comparison_tables(found)
    assert dict(zip(table.headings, table.rows[0], strict=True))["detects"] == word
    assert [note for note in table.notes if "detections" in note] == (
        [f"SSDlite320 MobileNetV3-Large: {sentence}"] if sentence else []
    )
    assert comparisons(found).models.detects_causes.tolist() == [word.partition(": ")[2]] * 2


def test_nobody_executes_the_run_beside_whose_passes_their_agreement_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes.generate(tmp_path / "some-shapes", PICTURES, 0)
    runs = [run_of(tmp_path / "some-shapes", tmp_path / name, cell("l")) for name in ("a", "b")]
    one, two = (Read(passes=[(run, each) for each in run.cells()]) for run in runs)
    model, held, kept = job().model.builder, list[tuple[bool | None, ...]](), passes.compare

    def looking(*arguments: Any) -> Agreement:
        held.append(tuple(is_held(run.lock_path) for run in runs))
        return kept(*arguments)

    monkeypatch.setattr(passes, "compare", looking)
    assert comparing._agreement(model, (one, two)) is not None
    assert held == [(False, True)]
    with runs[1].locked(), pytest.raises(BadInput, match="is being executed by another process"):
        comparing._agreement(model, (one, two))
