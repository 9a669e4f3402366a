"""Runs over time: figures, changes and their labels, in tables and on the page."""

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.documents.run_folder import RunFolder
from harness.documents.runs import open_runs
from harness.errors import BadInput
from harness.report.history import histories_of
from tests.command_line import told
from tests.unit.harness.sides import OTHER, ROUNDS, process, side, write


def folders(paths: list[Path]) -> list[RunFolder]:
    return open_runs(list(map(str, paths)))


def dated(path: Path, day: int, by: float, **changes: Any) -> Path:
    results = [
        process(by * ms, n, started_at=f"2026-03-{day:02d}T03:0{n}:00.000+00:00", **changes)
        for n, ms in enumerate(ROUNDS, 1)
    ]
    return write(path / f"day-{day}", *results).path


@pytest.fixture
def days(tmp_path: Path) -> list[Path]:
    """Five runs, of which the third and later ones are slower, by another runner; named in another order."""
    kept, slower = {"runner_sha256": "aaaaaa" + "0" * 58}, {"runner_sha256": "bbbbbb" + "0" * 58}
    made = [dated(tmp_path, n, 1.0, **kept) for n in (1, 2)] + [dated(tmp_path, n, 1.2, **slower) for n in (3, 4, 5)]
    return made[::-1]


def test_a_change_is_found_once_and_labelled_by_its_runner(days: list[Path]) -> None:
    (history,) = histories_of(folders(days))
    assert [(each.began[:10], each.changed, each.runner) for each in history.points] == [
        ("2026-03-01", False, "aaaaaa"),
        ("2026-03-02", False, "aaaaaa"),
        ("2026-03-03", True, "bbbbbb"),
        ("2026-03-04", False, "bbbbbb"),
        ("2026-03-05", False, "bbbbbb"),
    ]
    third = history.points[2]
    assert third.change
    assert third.change.value == pytest.approx(1.2)
    assert third.low_ms
    assert third.low_ms < third.ms == pytest.approx(1.2 * history.points[0].ms)


def test_the_table_and_the_page_say_so(days: list[Path], tmp_path: Path) -> None:
    printed = told("report", "--over-time", *days)
    assert "slower by 20.0 %" in printed
    assert printed.count("2026-03-0") == 5
    (table,) = harness.tables(*days, over_time=True)
    assert list(table.frame.changed) == ["–", "–", "slower by 20.0 %", "–", "–"]  # noqa: RUF001 -- a gap
    told("report", "--over-time", *days, "-o", tmp_path / "page")
    drawn = (tmp_path / "page" / "over-time-1.svg").read_text()
    found = "SSDlite320 MobileNetV3-Large over time: slower by 20.0 % since 2026-03-03"
    assert found in drawn
    assert "runner bbbbbb" in drawn
    assert "over-time-1" in (tmp_path / "page" / "report.html").read_text()
    assert f"**{found}**" in (tmp_path / "page" / "report.md").read_text()  # above all that is fastest


def test_one_process_has_no_interval_and_is_no_change(tmp_path: Path) -> None:
    runs = [write(tmp_path / f"{n}", process(ms, n)).path for n, ms in enumerate((10.0, 20.0), 1)]
    (history,) = histories_of(folders(runs))
    assert [(each.low_ms, each.change, each.changed) for each in history.points] == [(None, None, False)] * 2


def test_models_and_environments_have_a_history_each(tmp_path: Path) -> None:
    write(tmp_path / "run", *side(), *side(model=OTHER), *side(environment="cpu-debian13"))
    told_apart = [(each.builder, each.series) for each in histories_of(folders([tmp_path / "run"]))]
    assert len(told_apart) == 3
    assert {series for _, series in told_apart} == {"cuda10.2", "cpu-debian13"}


def test_a_run_without_latency_is_said(tmp_path: Path) -> None:
    write(tmp_path / "run")
    with pytest.raises(BadInput, match="no latency was measured"):
        histories_of(folders([tmp_path / "run"]))
