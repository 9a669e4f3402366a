"""The frame of make test-gpu: what a part's junit says, how time is shared out, what the report lets pass and packs."""

import json
import tarfile
from pathlib import Path

import pytest

from tests.gpu import report
from tests.gpu.__main__ import limit_s
from tests.gpu.parts import PARTS
from tests.gpu.ratio import compared
from tests.gpu.running import Attempt, Outcomes, outcomes, read

JUNIT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase name="test_a" time="1.5"><properties><property name="ratio" value="1.01"/></properties></testcase>
{}</testsuite></testsuites>"""
FAILED = '<testcase name="test_b" time="0.1"><failure message="AssertionError: 3 &gt; 2&#10;assert False"/></testcase>'
SKIPPED = '<testcase name="test_c" time="0.0"><skipped message="no wheels"/></testcase>'


def junit(folder: Path, more: str = "") -> Path:
    path = folder / "junit.xml"
    path.write_text(JUNIT.format(more))
    return path


def test_a_test_is_read_with_what_was_seen_and_the_reason_alone(tmp_path: Path) -> None:
    passed, failed = read(junit(tmp_path, FAILED))
    assert passed == Attempt("test_a", "passed", 1.5, {"ratio": "1.01"})
    assert (failed.outcome, failed.reason) == ("failed", "AssertionError: 3 > 2")


@pytest.mark.parametrize(
    ("more", "exit_code", "late", "verdict"),
    [
        ("", 0, "", "holds"),
        (FAILED, 1, "", "broken"),
        (SKIPPED, 0, "", "skipped"),
        (FAILED + SKIPPED, 1, "", "broken"),
        (SKIPPED, 0, "late", "not ended"),
        ("", 3, "", "broken"),
    ],
)
def test_the_verdict_is_that_of_the_worst(tmp_path: Path, more: str, exit_code: int, late: str, verdict: str) -> None:
    assert outcomes("x", junit(tmp_path, more), exit_code, 1.0, late).verdict == verdict


@pytest.mark.parametrize("content", [None, "<testsuites><testca"])
def test_a_part_without_a_readable_result_is_broken(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "junit.xml"
    if content:
        path.write_text(content)
    found = outcomes("x", path, 0, 1.0, "")
    assert (found.verdict, found.reason) == ("broken", "pytest ended with 0 after 0 tests; log.txt says more")


def test_a_part_gets_twice_its_share_and_never_more_than_is_left() -> None:
    first, last = PARTS[0], PARTS[-1]
    total = sum(part.seconds for part in PARTS)
    assert limit_s(first, PARTS, 470.0) == pytest.approx(2 * 470.0 * first.seconds / total)
    assert limit_s(last, [last], 70.0) == 70.0


@pytest.mark.parametrize(
    ("verdict", "wrong"), [("holds", 0), ("skipped", 0), ("not reached", 0), ("not ended", 1), ("broken", 1)]
)
def test_what_may_be_skipped_may_not_be_broken(tmp_path: Path, verdict: str, wrong: int) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "log.txt").touch()
    found = [Outcomes("harness", verdict, reason="so")]  # type: ignore[arg-type]
    assert len(report.write(tmp_path, found, {"harness"})) == wrong
    (tmp_path / "work").mkdir()
    assert len(report.write(tmp_path, found, set())) == (verdict != "holds")


def test_the_report_is_small_whatever_the_parts_leave(tmp_path: Path) -> None:
    part = tmp_path / "work" / "runs" / "cell"
    part.mkdir(parents=True)
    (part / "result.json").write_text("{}")
    (part / "huge.sqlite").write_bytes(b"\0" * (report.FILE_BYTES + 1))
    junit(part.parent)
    (tmp_path / "log.txt").write_bytes(b"x" * (report.LOG_BYTES + 5))
    test = Attempt("a", "passed", 1.0, {"seen": "one | two"})
    assert report.write(tmp_path, [Outcomes("models", "holds", tests=[test])], set()) == []
    assert {path.name for path in tmp_path.iterdir()} == {
        "junit.xml",
        "log.txt",
        "runs.tar.gz",
        "summary.json",
        "summary.md",
    }
    with tarfile.open(tmp_path / "runs.tar.gz") as packed:
        assert packed.getnames() == ["runs/cell/result.json"]
    assert json.loads((tmp_path / "summary.json").read_text())["left_out"] == ["runs/cell/huge.sqlite"]
    assert "| a | ok | 1.0 | seen: one \\| two |" in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "log.txt").stat().st_size == report.LOG_BYTES
    assert len(read(tmp_path / "junit.xml")) == 1


def test_the_ratio_of_two_loops_has_the_interval_of_student() -> None:
    """Logarithms of 0.01 and 0.03, so their mean is 0.02, and 12.706 × 0.01 lie to each side of it."""
    found = compared([(1.0100501670841680, 1.0), (1.0304545339535169, 1.0)])
    assert found.ratio == pytest.approx(1.0202013400267558)
    assert (found.low, found.high) == pytest.approx((0.898466, 1.158430), rel=1e-5)
