import random
from dataclasses import replace
from typing import Any

import pytest

from harness import plan
from harness.catalogue import protocols
from harness.documents import PlannedCell
from harness.errors import BadInput
from harness.plan import describe, parse_precision, rounds
from runner.contract import Job
from tests.samples import job
from tests.unit.harness.plan.test_cells import ONE, FakeHost, nothing

MODELS = ["ssd300_vgg16", "ssdlite320_mobilenet_v3_large", "fasterrcnn_resnet50_fpn"]
STANDARD = replace(ONE, models=MODELS, protocol="standard-1")


def planned(*repeats: int, **changes: Any) -> list[PlannedCell]:
    """Return a cell of each model in two environments, repeat by repeat."""
    cells = [
        replace(job(builder, stack, repeat=repeat, **changes), cell=f"{stack}--{builder}--r{repeat}")
        for repeat in repeats
        for builder in MODELS
        for stack in ("cuda10.2", "local")
    ]
    return [PlannedCell(each, named=True) for each in cells]


def batched(cells: list[PlannedCell], size: int) -> list[list[PlannedCell]]:
    return [cells[start : start + size] for start in range(0, len(cells), size)]


def names(cells: list[PlannedCell]) -> list[str]:
    return [cell.job.cell for cell in cells]


def test_each_round_measures_everything_once_in_an_order_of_its_own() -> None:
    cells = planned(1, 2, 3)
    orders = [names(each) for each in batched(rounds.ordered(cells, 7), 6)]
    assert [sorted(order) for order in orders] == [sorted(names(each)) for each in batched(cells, 6)]
    assert len({tuple(name.rpartition("--")[0] for name in order) for order in orders}) == 3


def test_the_order_follows_from_the_seed_and_not_from_what_was_named_first() -> None:
    cells = planned(1, 2)
    assert names(rounds.ordered(cells, 7)) == names(rounds.ordered(cells, 7)) != names(rounds.ordered(cells, 8))
    turned = [cell for each in batched(cells, 6) for cell in reversed(each)]
    assert names(rounds.ordered(turned, 7)) == names(rounds.ordered(cells, 7))


def test_every_place_in_a_round_is_as_likely_for_each() -> None:
    cells, seeds = planned(1), random.Random(1)
    first = [rounds.ordered(cells, seeds.randrange(1 << 32))[0].job.cell for _ in range(600)]
    assert all(60 < first.count(name) < 150 for name in names(cells))


def test_detection_passes_stay_where_they_are() -> None:
    passes = planned(1, suite="accuracy")
    assert rounds.ordered([*planned(1), *passes], 7)[6:] == passes


def test_a_plan_records_the_seed_of_its_order() -> None:
    made, _ = plan.make(STANDARD, [], FakeHost(), nothing)
    assert made.order_seed is not None
    again = sorted(made.cells, key=lambda cell: (cell.job.repeat, cell.job.cell))
    assert names(rounds.ordered(again, made.order_seed)) == names(made.cells)
    assert [cell.job.repeat for cell in made.cells] == [repeat for repeat in range(1, 6) for _ in range(6)]
    other, _ = plan.make(STANDARD, [], FakeHost(), nothing)
    assert other.order_seed != made.order_seed


def test_where_environments_take_turns_there_is_no_seed() -> None:
    made, _ = plan.make(replace(STANDARD, protocol="quick-1"), [], FakeHost(), nothing)
    assert (made.order_seed, made.precision) == (None, None)
    assert [cell.job.environment for cell in made.cells] == ["cuda10.2", "local"] * 3


@pytest.mark.parametrize(("chosen", "share"), [(None, "3"), (0.015, "1.5")])
def test_what_ends_the_repeats_is_said_of_the_plan(chosen: float | None, share: str) -> None:
    made, _ = plan.make(replace(STANDARD, precision=chosen), [], FakeHost(), nothing)
    order = f"in random order, by the seed {made.order_seed}"
    assert f"{order}; a model's repeats end once at least 3 are within ±{share} %" in describe.sentences(made)
    assert made.precision_of(made.cells[0].job.protocol) == float(share) / 100
    assert made.precision_of(protocols()["quick-1"]) is None


def test_so_few_repeats_that_none_can_end_early_have_their_order_alone() -> None:
    made, _ = plan.make(replace(STANDARD, repeats=3), [], FakeHost(), nothing)
    assert f"in random order, by the seed {made.order_seed}" in describe.sentences(made)


@pytest.mark.parametrize(
    ("text", "share"), [("3%", 0.03), ("3", 0.03), (" 2.5 % ", 0.025), (".5%", 0.005), ("50", 0.5)]
)
def test_precisions(text: str, share: float) -> None:
    assert parse_precision(text) == pytest.approx(share)


@pytest.mark.parametrize(
    "text", ["0", "0%", "0.0 %", "50.1%", "51", "-3%", "+3", "three", "", "%", "3%%", "nan", "inf"]
)
def test_what_is_no_precision(text: str) -> None:
    with pytest.raises(BadInput, match=r"is no share above 0 and up to 50 %; write it such as 3%\.$"):
        parse_precision(text)


def test_a_precision_belongs_to_repeats_that_end_early() -> None:
    with pytest.raises(BadInput, match=r"those of the protocol quick-1 never do; choose --protocol standard-1"):
        plan.make(replace(ONE, precision=0.03), [], FakeHost(), nothing)
    with pytest.raises(BadInput, match="--precision belongs to the suite latency"):
        rounds.check_precision(0.03, ["accuracy"], protocols()["standard-1"])


def test_fewer_iterations_than_a_pilot_takes_are_refused() -> None:
    few, enough = (replace(STANDARD, variant=replace(STANDARD.variant, iterations=n)) for n in (99, 100))
    with pytest.raises(BadInput, match=r"--iterations 99 is below one pilot of the protocol standard-1"):
        plan.make(few, [], FakeHost(), nothing)
    made, _ = plan.make(enough, [], FakeHost(), nothing)
    assert {(cell.job.warmup_iterations, cell.job.measured_iterations) for cell in made.cells} == {(100, 100)}
    plan.make(replace(ONE, variant=replace(ONE.variant, iterations=1)), [], FakeHost(), nothing)


def test_repeats_of_one_cell_differ_in_name_and_number_alone() -> None:
    made, _ = plan.make(STANDARD, [], FakeHost(), nothing)
    alike: dict[str, set[Job]] = {}
    for cell in made.cells:
        stem, _, repeat = cell.job.cell.rpartition("--r")
        assert int(repeat) == cell.job.repeat
        same = replace(cell.job, cell=stem, repeat=0)
        assert alike.setdefault(stem, same) == same  # type: ignore[arg-type, comparison-overlap]
    assert len(alike) == 6


def test_a_job_says_how_many_repeats_were_planned_where_not_all_may_be_needed() -> None:
    few, _ = plan.make(replace(STANDARD, repeats=4), [], FakeHost(), nothing)
    counted, _ = plan.make(replace(STANDARD, protocol="quick-1", repeats=4), [], FakeHost(), nothing)
    assert {cell.job.protocol.repeats for cell in few.cells} == {4}
    assert {cell.job.protocol.repeats for cell in counted.cells} == {protocols()["quick-1"].repeats}
