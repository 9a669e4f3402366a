"""Why there is no result: what the runner said, and a remedy that follows from it."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.execute import endings
from harness.execute.executors.base import ExitReport
from runner.contract import Code, Dataset, Failure, Variant
from tests.samples import job

LOCAL, IN_IMAGE = job(environment="local"), job(environment="cuda10.2")
OWN = replace(IN_IMAGE, model=replace(IN_IMAGE.model, code=Code("mine", "f", "0" * 64)))
SOME_CPUS = replace(IN_IMAGE, variant=Variant(cpus="7,9"))


def ended(cell: Path, exit_code: int, log: str | None, of: object = IN_IMAGE) -> Failure:
    if log is not None:
        (cell / "log.txt").write_text(log)
    _, failure = endings.why(cell, of, ExitReport(exit_code, False, False, 1.0))  # type: ignore[arg-type]
    return failure


@pytest.mark.parametrize(
    ("of", "said", "remedy"),
    [
        (IN_IMAGE, "The job j can't be used: schema version 9; this runner reads 7.", "harness images build cuda10.2"),
        (IN_IMAGE, "runner: error: unrecognized arguments: --weights", "harness images build cuda10.2"),
        (LOCAL, "The job j can't be used: schema version 9; this runner reads 7.", "plan the run again"),
        (SOME_CPUS, "The job j can't be used: [Errno 22] Invalid argument.", "choose other --cpus than 7,9"),
        (IN_IMAGE, "The job j can't be used: [Errno 13] Permission denied: 'j'.", "give this user the right to it"),
        (IN_IMAGE, "", "read log.txt in the cell's folder"),
    ],
)
def test_a_job_that_was_refused(tmp_path: Path, of: object, said: str, remedy: str) -> None:
    failure = ended(tmp_path, 2, f'{{"event": "loaded"}}\n{said}\n', of)
    assert failure.message == "the runner can't use the job" + (f": {said}" if said else "")
    assert remedy in failure.remedy
    assert ("images build" in failure.remedy) == ("images build" in remedy)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("[Errno 28] No space left on device", "free some space, or choose another --out"),
        ("[Errno 30] Read-only file system: '/cell/out/.result.json1'", "choose another --out"),
        ("[Errno 13] Permission denied: '/cell/out'", "give this user the right to it, or choose another --out"),
        ("user 1000 may not write there", "read log.txt in the cell's folder"),
    ],
)
def test_a_result_that_could_not_be_written(tmp_path: Path, said: str, remedy: str) -> None:
    failure = ended(tmp_path, 3, f"The result can't be written to /cell/out: {said}.\n")
    assert said in failure.message
    assert failure.remedy == remedy


def test_a_crash_is_quoted_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    failure = ended(tmp_path, 139, 'Traceback:\n\x1b[31mImportError: libx.so\x1b[0m\n{"event": "iteration"}\n\n')
    assert failure.message == "the runner ended with exit code 139 and left no result: ImportError: libx.so"
    assert ended(tmp_path, 139, "x" * 100_000).message.endswith("x…")


def test_without_a_log_nothing_is_quoted(tmp_path: Path) -> None:
    assert ended(tmp_path, 1, None).message == "the runner ended with exit code 1 and left no result"


def test_the_time_limit_names_what_shortens_just_this_cell(tmp_path: Path) -> None:
    _, failure = endings.why(tmp_path, LOCAL, ExitReport(137, timed_out=True, out_of_memory=False, wall_seconds=1.0))
    assert failure.remedy == "take fewer --iterations"


@pytest.mark.parametrize("exit_code", [0, 1, 2, 3, 139])
def test_own_code_may_end_the_process_with_any_status(tmp_path: Path, exit_code: int) -> None:
    failure = ended(tmp_path, exit_code, "its last words\n", OWN)
    said = f"the process of mine:f ended with exit code {exit_code} and left no result: its last words"
    assert (failure.kind, failure.message) == ("Crashed", said)


def test_own_code_may_never_end(tmp_path: Path) -> None:
    status, failure = endings.why(tmp_path, OWN, ExitReport(None, True, False, 1.0))
    assert status == "timed_out"
    assert failure.remedy == "see whether mine:f ever ends, or take fewer --iterations"


def test_a_demo_is_offered_what_its_command_has(tmp_path: Path) -> None:
    shown = Dataset("demo", "0" * 64, [], [1], ["000000.ppm"], follows=True)
    demo = replace(LOCAL, suite="accuracy", images=[], dataset=shown)
    reports = [ExitReport(137, True, False, 1.0), ExitReport(137, False, True, 1.0), ExitReport(3, False, False, 1.0)]
    (tmp_path / "log.txt").write_text("The result can't be written to /cell/out: [Errno 30] Read-only file system.")
    assert [endings.why(tmp_path, demo, report)[1].remedy for report in reports] == [
        "show fewer --frames",
        "scale down what is shown",
        "set HARNESS_RESULTS to a folder elsewhere",
    ]
