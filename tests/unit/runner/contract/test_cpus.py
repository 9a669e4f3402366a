import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.contract.cpus import format_cpus, parse_cpus

unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0", [0]),
        ("0,2-3", [0, 2, 3]),
        ("4-4", [4]),
        ("8-11,0", [0, 8, 9, 10, 11]),
        ("0-1\n", [0, 1]),
        ("3,1-3", [1, 2, 3]),
    ],
)
def test_a_list_of_cpus_is_a_set_of_numbers_and_ranges(text: str, cpus: list[int]) -> None:
    assert parse_cpus(text) == cpus


@unhurried
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20)), min_size=1, max_size=8))
def test_every_range_is_read_in_full(ranges: list[tuple[int, int]]) -> None:
    text = ",".join(f"{first}-{first + more}" if more else str(first) for first, more in ranges)
    assert parse_cpus(text) == sorted({cpu for first, more in ranges for cpu in range(first, first + more + 1)})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(
            (text, "'.*' is no list of CPUs")
            for text in ("", "a", "0,", ",0", "-1", "0-b", "0 1", "0x1", "0-1-2", "0\n1")
        ),
        ("\N{ARABIC-INDIC DIGIT ONE}", "is no list of CPUs"),
        ("3-1", "is no list of CPUs: 3-1 ends before it begins"),
        ("0-99999999", "is no list of CPUs: no machine has a CPU 99999999"),
        ("9" * 5000, "is no list of CPUs"),
    ],
)
def test_what_is_no_list_of_cpus_is_refused_at_once(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        parse_cpus(text)
    assert len(str(raised.value)) < 200


@unhurried
@given(st.lists(st.integers(0, 200), min_size=1))
def test_each_set_has_one_text_however_it_is_written(cpus: list[int]) -> None:
    text = format_cpus(cpus)
    assert parse_cpus(text) == sorted(set(cpus))
    assert format_cpus(parse_cpus(",".join(map(str, cpus)))) == text


@pytest.mark.parametrize(
    ("text", "one"),
    [("0,1", "0-1"), ("1,0", "0-1"), ("0-1", "0-1"), ("0,2,1,7", "0-2,7"), ("5,5", "5"), ("2,4", "2,4")],
)
def test_neighbours_are_a_range(text: str, one: str) -> None:
    assert format_cpus(parse_cpus(text)) == one
