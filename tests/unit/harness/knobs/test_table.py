"""The table of knobs is held to the contract: what an entry names is there, and what it takes fits."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from harness import plan
from harness.analysis.facts import FACTS, departures, facts_of
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.knobs.columns import values
from harness.knobs.entry import Knob, Sight
from harness.knobs.kinds import COUNT, one_of
from harness.knobs.table import KNOBS, OPTIONS
from harness.knobs.words import detecting
from runner.contract import Dataset, Job, NmsRoute, Numerics, OnOff, Reader, ResizeRule, Result, Variant
from runner.contract.serialise import from_dict
from tests.samples import execution, hardware, job, ok_result, software

SHORT = job(variant=Variant(iterations=3))
EXAMPLES = {"iterations": "3", "percentile": "99.9", "threads": "2", "cpus": "0", "reader": "pil", "batch": "4"}
EXAMPLES |= {"resize_rule": "float64", "nms_route": "vanilla", "blas_threads": "1", "onednn": "off"}


def stands(kind: Any, path: str) -> bool:
    """Tell whether documents of that kind have the path of fields, properties and keys."""
    name, _, rest = path.partition(".")
    members = [each for each in get_args(kind) if each is not type(None)]
    if get_origin(kind) is dict:
        return True
    if not is_dataclass(kind):
        return bool(members) and stands(members[0], path)
    own = getattr(kind, name, None)
    known = get_type_hints(own.fget).get("return") if isinstance(own, property) else get_type_hints(kind).get(name)
    return known is not None and (not rest or stands(known, rest))


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.field)
def test_what_an_entry_names_is_in_the_contract(knob: Knob) -> None:
    assert stands(Variant, knob.field)
    assert stands(Job, knob.holds or f"variant.{knob.field}")
    assert all(stands(Result, sight.place) for sight in knob.seen if sight.place)
    assert not stands(Result, f"{knob.field}.absent")


def test_every_field_of_the_variant_has_an_entry() -> None:
    numerics = {f"numerics.{field.name}" for field in fields(Numerics)} - {"numerics.threads"}  # which is a knob itself
    assert {knob.field for knob in KNOBS} == {field.name for field in fields(Variant)} - {"numerics"} | numerics


@pytest.mark.parametrize("name", OPTIONS)
def test_what_an_option_takes_fits_the_contract_and_reads_back(name: str) -> None:
    knob, option = OPTIONS[name]
    value = option.kind.parse(name, EXAMPLES[name])
    assert type(value) is option.kind.type
    assert from_dict(Variant, {name: value}) == plan.make_variant(**{name: EXAMPLES[name]})
    assert knob.text(value) == EXAMPLES[name]


@pytest.mark.parametrize(
    ("name", "of"), [("reader", Reader), ("resize_rule", ResizeRule), ("nms_route", NmsRoute), ("onednn", OnOff)]
)
def test_the_names_of_a_choice_are_those_of_the_contract(name: str, of: Any) -> None:
    assert OPTIONS[name][1].kind.metavar == "|".join(get_args(of))


@pytest.mark.parametrize("name", ["threads", "iterations", "batch"])
@pytest.mark.parametrize("value", ["two", "", "0", "-1", "1.5", "1e3", "²", " 2", 2.0, True, [1], {}])
def test_a_value_of_another_kind_is_one_sentence(name: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        plan.make_variant(**{name: value})
    assert str(refused.value) == f"--{name} {str(value)!r} is no whole number of at least 1; give one such as 2."


@pytest.mark.parametrize(
    ("name", "value"), [("reader", ""), ("reader", 1), ("cpus", ""), ("cpus", [0, 1]), ("cpus", 1.5)]
)
def test_a_value_that_is_no_text_of_its_kind_is_one_sentence(name: str, value: object) -> None:
    with pytest.raises(BadInput, match=r"^(there is no reader|'.*' is no list of CPUs)[^\n]*$"):
        plan.make_variant(**{name: value})


@pytest.mark.parametrize("value", ["0", "100", "0.0", "-1", "abc", "nan", "inf", "", "p99", "99%", "1e1", 100.0, True])
def test_what_is_no_percentile_is_one_sentence(value: object) -> None:
    with pytest.raises(BadInput) as refused:
        plan.make_variant(percentile=value)
    reason = f"--percentile {str(value)!r} is no percentile: one lies above 0 and below 100"
    assert str(refused.value) == f"{reason}; give one such as 99 or 99.9."


def test_a_refusal_writes_a_name_of_two_words_as_the_option_does() -> None:
    with pytest.raises(BadInput, match=r"^--top-n '0' is no whole number"):
        COUNT.parse("top_n", "0")
    with pytest.raises(BadInput, match="there is no resize rule 'float16'; did you mean float"):
        one_of("float32", "float64").parse("resize_rule", "float16")


def test_an_unknown_knob_is_named() -> None:
    with pytest.raises(BadInput, match="there is no knob 'thread'; did you mean blas_threads or threads"):
        plan.make_variant(thread=1)


def test_a_number_is_as_good_as_its_text() -> None:
    assert plan.make_variant(threads=2, batch="2", cpus=None) == Variant(threads=2, batch=2)


def measured(of: Job, **changes: Any) -> Cell:
    return Cell(of, ok_result(of, **changes), execution(of))


def test_columns_hold_what_was_observed_and_what_only_the_job_tells() -> None:
    of = job(variant=Variant(threads=4, cpus="0-3", iterations=3, reader="pil"))
    seen = measured(of, software=software(threads=2), hardware=replace(hardware(), usable_cpus=[1, 0]))
    others = dict.fromkeys(("percentile", "reader", "batch", "resize_rule", "nms_route", "blas_threads", "onednn"))
    assert values(seen) == {"iterations": 3, "threads": 2, "cpus": "0-1", **others}
    lost = measured(of, software=None, hardware=None)
    assert values(lost) == {"iterations": 3, "threads": 4, "cpus": "0-3", **others}


def test_a_pass_has_the_reader_and_batch_that_hold() -> None:
    dataset = Dataset("some", "0" * 64, [1], [1], ["1.jpg"])
    of = job(suite="accuracy", dataset=dataset, images=[], variant=Variant(batch=4))
    row = values(measured(of, latency=None))
    assert (row["reader"], row["batch"]) == ("pil", 4)
    assert detecting(of) == ["read by pil", "batch 4"]
    turned = replace(of, variant=Variant(batch=4, nms_route="vanilla", onednn="off", blas_threads=1))
    assert detecting(turned) == ["read by pil", "batch 4", "NMS vanilla", "oneDNN: off"]
    assert detecting(job()) == []


def test_a_sight_splits_series_or_not_and_may_differ_or_not() -> None:
    plain = Sight("pace", "software.numerics.pace", "pace: {}", "pace")
    (told,) = facts_of(Knob("pace", (plain,)))
    (mild,) = facts_of(Knob("pace", (plain._replace(may_differ=True),)))
    assert (told.may_differ, mild.may_differ) == (False, True)
    assert told.observed(measured(job(), software=software(numerics={"pace": "2"}))) == "2"
    assert list(facts_of(Knob("pace", (plain._replace(splits=False),)))) == []


def test_departures_are_of_what_somebody_chose() -> None:
    assert [departures([fact.observed(measured(of)) for fact in FACTS]) for of in (job(), SHORT)] == [
        [],
        ["iterations: 3 instead of the protocol's own"],
    ]


@pytest.mark.parametrize("text", ["1000001", "999999999", "9" * 5000])
def test_more_iterations_than_anybody_needs_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--iterations 9{0,80}(1000001)? is more than 1000000, .*; give fewer\.$"):
        plan.make_variant(iterations=text)


def test_as_many_as_are_allowed_are_taken_whatever_zeros_precede() -> None:
    assert plan.make_variant(iterations="0001000000").iterations == 1_000_000
