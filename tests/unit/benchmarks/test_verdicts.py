"""What decides a row of `make perf`: seeded figures, no clock."""

import io
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import report
from benchmarks.intervals import median_interval
from benchmarks.peaks import peak_mb
from benchmarks.rows import Broken, Outcome, Row, Sides, Skipped, Undecided, Verdict, measured
from benchmarks.table import ROWS
from benchmarks.turns import take_turns
from harness.errors import BadInput


def row(*batches: list[float], bound: float = 1.0, floor: float | None = None) -> Row:
    """Return a row whose looks give these ratios."""
    looks = iter(batches)

    def measure() -> Sides:
        ours = next(looks)
        return Sides(ours, [1.0] * len(ours), "made up")

    bounds = Row(name="made-up", what="numbers", unit="s", measure=measure, bound=bound, floor=floor)
    return replace(bounds, looks=len(batches))


@pytest.mark.parametrize(
    ("ratios", "bounds", "verdict"),
    [
        ([0.8] * 8, {}, "yes"),
        ([1.2] * 8, {}, "no"),
        ([0.8, 0.8, 0.8, 0.8, 1.2, 1.2, 1.2, 1.2], {}, "undecided"),
        ([0.8] * 8, {"floor": 0.9}, "no"),
        ([0.95] * 8, {"floor": 0.9}, "yes"),
        ([0.8] * 4 + [0.95] * 4, {"floor": 0.9}, "undecided"),
    ],
)
def test_a_row_holds_fails_or_is_undecided_by_its_whole_interval(
    ratios: list[float], bounds: dict[str, float], verdict: Verdict
) -> None:
    assert measured(row(ratios, **bounds)).verdict == verdict


def test_an_undecided_row_is_measured_on_until_its_interval_decides() -> None:
    noisy = [0.7, 0.8, 0.85, 0.9, 0.9, 0.95, 1.02, 1.1]
    outcome = measured(row(noisy, [0.8] * 8, [0.8] * 8, [0.8] * 8))
    assert outcome.verdict == "yes"
    assert 8 < outcome.pairs < 32


def test_a_row_undecided_at_its_last_look_says_so() -> None:
    even = [0.9, 1.1] * 4
    outcome = measured(row(even, even, even))
    assert (outcome.verdict, outcome.pairs) == ("undecided", 24)


def test_a_decided_row_is_not_measured_again() -> None:
    assert measured(row([0.5] * 8, [2.0] * 8)).pairs == 8


def test_all_looks_together_are_wrong_in_at_most_one_of_twenty_cases() -> None:
    random = Random(1)
    wrong = 0
    for _ in range(400):
        batches = [[random.lognormvariate(0, 0.2) for _ in range(8)] for _ in range(4)]
        wrong += measured(row(*batches)).verdict != "undecided"  # the true median is the bound
    assert wrong <= 0.05 * 400


def test_an_interval_is_wider_where_more_confidence_is_asked() -> None:
    values = [float(number) for number in range(40)]
    narrow, wide = median_interval(values), median_interval(values, 0.9875)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_row_that_cant_run_here_or_breaks_says_why() -> None:
    def skipped() -> Sides:
        raise Skipped("there is no Docker")

    def broken() -> Sides:
        raise Broken("it ended with exit code 1")

    def open_still() -> Sides:
        raise Undecided("within 2 % so far")

    left_open = measured(Row(name="a", what="b", unit="s", measure=open_still))
    assert (left_open.verdict, left_open.note, left_open.ratio) == ("undecided", "within 2 % so far", None)
    left_out = measured(Row(name="a", what="b", unit="s", measure=skipped))
    failed = measured(Row(name="a", what="b", unit="s", measure=broken))
    assert (left_out.verdict, left_out.note) == ("skipped", "skipped: there is no Docker")
    assert (failed.verdict, failed.note) == ("no", "it ended with exit code 1")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["yes", "skipped"], 0),
        (["yes", "undecided"], 3),
        (["undecided", "no"], 1),
    ],
)
def test_the_exit_status_tells_undecided_from_yes_and_no(verdicts: list[Verdict], status: int) -> None:
    outcomes = [
        Outcome(name="a", what="b", unit="s", floor=None, bound=1.0, verdict=verdict, note="") for verdict in verdicts
    ]
    assert command.exit_status(outcomes) == status


def test_an_unknown_row_is_a_sentence_that_names_the_known() -> None:
    with pytest.raises(BadInput, match="there is no row 'nothing'"):
        command._choose("nothing")


def test_turns_pair_neighbours_and_drop_the_first() -> None:
    clock = iter(range(100))
    sides = take_turns(5, lambda: float(next(clock)), lambda: float(next(clock)), "")
    assert len(sides.ours) == len(sides.reference) == 5
    assert all(abs(ours - reference) == 1 for ours, reference in zip(sides.ours, sides.reference, strict=True))
    assert 0.0 not in sides.ours + sides.reference


def test_a_peak_is_of_the_program_and_not_of_the_process_it_was_forked_from(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  900000 kB\nVmHWM:\t  200000 kB\nVmRSS:\t  100000 kB\n")
    assert peak_mb(status) == 204.8


def test_the_table_keeps_to_80_columns_with_every_verdict_in_it_and_in_the_file(tmp_path: Path) -> None:
    even = [0.9, 1.1] * 4
    outcomes = [measured(row([0.5] * 8)), measured(row([1234.5] * 8, floor=0.97)), measured(row(even))]
    longest = max((known.name for known in ROWS), key=len)
    outcomes = [replace(outcome, name=longest) for outcome in outcomes]
    printed = io.StringIO()
    console = Console(file=printed, width=80)
    report.show(console, outcomes)
    table = printed.getvalue().split("\n- ")[0]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert all(word in table for word in ("yes", "NO", "undecided"))
    assert "…" not in table
    report.write(tmp_path / "perf.json", outcomes)
    written = json.loads((tmp_path / "perf.json").read_text(encoding="utf-8"))
    assert [each["verdict"] for each in written] == ["yes", "no", "undecided"]
    assert report.summary(outcomes) == "of 3 rows: 1 hold, 1 do not hold, 1 undecided, 0 skipped"
