import os
from dataclasses import replace

import pytest

from harness import plan
from harness.errors import BadInput
from harness.plan import make_variants
from runner.contract import Variant
from tests.unit.harness.plan.test_cells import ONE, FakeHost, nothing


@pytest.fixture(autouse=True)
def four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})


def names(threads: str, **changes: object) -> list[str]:
    variant, *ladder = make_variants(threads=threads, iterations=3)
    request = replace(ONE, images=["local"], variant=variant, ladder=ladder, **changes)  # type: ignore[arg-type]
    made, _ = plan.make(request, [], FakeHost(), nothing)
    for cell in made.cells:
        assert cell.job.variant.iterations == 3
        assert cell.job.numerics.threads == cell.job.variant.threads
    return [cell.job.cell for cell in made.cells]


def test_each_step_of_a_ladder_is_cells_of_its_own_named_by_it() -> None:
    stem = "local--ssd300_vgg16--quick-1--cpu"
    assert names("1,2,4", repeats=2) == [f"{stem}--threads-{n}--r{repeat}" for repeat in (1, 2) for n in (1, 2, 4)]


def test_one_number_is_no_ladder_and_cells_are_named_as_before() -> None:
    assert names("2") == names("2,2") == ["local--ssd300_vgg16--quick-1--cpu--r1"]


def test_the_steps_of_a_ladder_are_each_once_in_their_order() -> None:
    assert [each.threads for each in make_variants(threads="4, 1,4,2")] == [4, 1, 2]
    assert make_variants(threads=None, batch="2") == [Variant(batch=2)]
    assert make_variants(threads=3) == [Variant(threads=3)]


@pytest.mark.parametrize(("text", "part"), [("1,", ""), ("1,two", "two"), ("0,1", "0"), (",", ""), ("1;2", "1;2")])
def test_what_is_no_step_is_one_sentence(text: str, part: str) -> None:
    with pytest.raises(BadInput, match=rf"^--threads '{part}' is no whole number of at least 1; give one such as 2\.$"):
        make_variants(threads=text)


def test_only_what_is_measured_in_steps_takes_several() -> None:
    with pytest.raises(BadInput, match="--iterations '1,2' is no whole number"):
        make_variants(iterations="1,2")


@pytest.mark.parametrize(("threads", "cpus", "too_many", "room"), [("5", None, 5, "4 CPUs"), ("1,2", "3", 2, "1 CPU")])
def test_more_threads_than_cpus_are_one_sentence(threads: str, cpus: str | None, too_many: int, room: str) -> None:
    variant, *ladder = make_variants(threads=threads, cpus=cpus)
    request = replace(ONE, images=["local"], variant=variant, ladder=ladder)
    sentence = f"^--threads {too_many} are more than the {room} that local may use; give at most {room[0]}\\.$"
    with pytest.raises(BadInput, match=sentence):
        plan.make(request, [], FakeHost(), nothing)
