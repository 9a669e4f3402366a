"""A cell that is measured again keeps what it has until what takes its place is whole, whatever ends the process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.documents.renewing import AGAIN, BEFORE, CELLS, renewed
from harness.documents.run_folder import RunFolder
from harness.errors import StorageError
from runner.contract import Failure, Job, Result, Status
from tests.samples import execution, job, ok_result, run_folder

OLD, NEW = ok_result(job(), wall_ms=10.0), ok_result(job(), wall_ms=20.0)
FAILURE = Failure("JobError", "there is no more memory", "free some", "infrastructure")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of one cell that was measured, with scores, and a file that a person has put beside it."""
    made = run_folder(tmp_path / "run", OLD)
    (made.cell_folder(job()) / "detections.sqlite").write_text("old rows")
    (made.cell_folder(job()) / "notes.txt").write_text("mine")
    (made.cell_folder(job()) / "log.txt").write_text("old log")
    return made


def leave(place: Path, result: Result) -> None:
    (place / "detections.sqlite").write_text("new rows")
    documents.write(place / "result.json", result)
    documents.write(place / "execution.json", execution(job()))


def measured(folder: RunFolder) -> tuple[Result | None, str, list[str]]:
    """Return what a reader finds of the cell, and which folders the run has."""
    place = folder.cell_folder(job())
    (cell,) = RunFolder(folder.path).cells()
    folders = sorted(path.name for path in folder.path.iterdir() if path.is_dir())
    return cell.result, (place / "detections.sqlite").read_text(), folders


def files(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


def test_what_was_measured_stays_until_what_was_measured_again_is_whole(folder: RunFolder) -> None:
    with renewed(folder.path, job()) as place:
        leave(place, NEW)
        assert measured(folder) == (OLD, "old rows", [AGAIN, CELLS])
    assert measured(folder) == (NEW, "new rows", [CELLS])
    # The old log, and scores of the old pass, are not of this measurement.
    assert files(folder.cell_folder(job())) == {
        "job.json",
        "result.json",
        "execution.json",
        "detections.sqlite",
        "notes.txt",
    }


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StorageError("the disk is full", "free some space")])
def test_what_ends_a_measurement_leaves_the_one_of_before_and_the_next_goes_on(
    folder: RunFolder, error: BaseException
) -> None:
    def broken_off() -> None:
        with renewed(folder.path, job()) as place:
            (place / "detections.sqlite").write_text("half of the rows")
            raise error

    with pytest.raises(type(error)):
        broken_off()
    assert measured(folder) == (OLD, "old rows", [AGAIN, CELLS])
    with renewed(folder.path, job()) as place:
        assert (place / "detections.sqlite").read_text() == "half of the rows"
        leave(place, NEW)
    assert measured(folder) == (NEW, "new rows", [CELLS])


@pytest.mark.parametrize("status", ["failed", "timed_out", "out_of_memory", "crashed"])
def test_what_was_measured_does_not_give_way_to_a_try_that_failed(folder: RunFolder, status: Status) -> None:
    failed = replace(OLD, status=status, latency=None, failure=FAILURE)
    with renewed(folder.path, job()) as place:
        leave(place, failed)
    assert measured(folder) == (OLD, "old rows", [AGAIN, CELLS])
    assert documents.read(Result, place / "result.json") == failed


def test_it_gives_way_to_not_being_needed_any_more(folder: RunFolder) -> None:
    spared = replace(OLD, status="skipped", latency=None, failure=FAILURE)
    with renewed(folder.path, job()) as place:
        documents.write(place / "result.json", spared)
    assert folder.result(job()) == spared
    assert files(folder.cell_folder(job())) == {"job.json", "result.json", "notes.txt"}


def test_the_result_of_another_job_gives_way_to_any(folder: RunFolder) -> None:
    changed = replace(job(), variant=replace(job().variant, threads=1))
    failed = replace(OLD, job=changed, status="failed", latency=None, failure=FAILURE)
    with renewed(folder.path, changed) as place:
        leave(place, failed)
    assert folder.result(job()) == failed


def test_one_that_only_a_newer_harness_can_read_stays_until_the_new_one_is_whole(folder: RunFolder) -> None:
    file = folder.cell_folder(job()) / "result.json"
    file.write_text('{"schema_version": 99}')
    with renewed(folder.path, job()) as place:
        leave(place, replace(OLD, status="failed", latency=None, failure=FAILURE))
    assert file.read_text() == '{"schema_version": 99}'
    with renewed(folder.path, job()) as place:
        leave(place, NEW)
    assert measured(folder) == (NEW, "new rows", [CELLS])


def test_a_try_that_failed_is_gone_on_with_in_its_own_place(folder: RunFolder) -> None:
    documents.write(
        folder.cell_folder(job()) / "result.json", replace(OLD, status="failed", latency=None, failure=FAILURE)
    )
    with renewed(folder.path, job()) as place:
        assert place == folder.cell_folder(job())
        assert files(place) == {"job.json", "detections.sqlite", "notes.txt"}


def moved(path: Path, step: int) -> None:
    """Leave a run as a process does that is killed at a step of putting a new measurement in its place."""
    own, again, before = (path / place / job().cell for place in (CELLS, AGAIN, BEFORE))
    before.parent.mkdir()
    steps: list[Callable[[], Any]] = [
        lambda: own.rename(before),
        lambda: again.rename(own),
        (before / "result.json").unlink,
    ]
    for each in steps[:step]:
        each()


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_who_is_killed_while_one_takes_the_other_s_place_loses_neither(folder: RunFolder, step: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(folder.path, job())
    moved(folder.path, step)
    with folder.locked():
        result, detections, folders = measured(folder)
    assert (result, detections, folders) == (NEW, "new rows", [CELLS])


def interrupted(run: Path, of: Job) -> None:
    with renewed(run, of) as place:
        leave(place, NEW)
        raise KeyboardInterrupt


def test_a_whole_measurement_is_taken_though_the_process_was_killed_then_and_one_that_is_not_is_left(
    folder: RunFolder,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(folder.path, job())
    seen = folder.path / AGAIN / job().cell / "execution.json"
    content = seen.read_bytes()
    seen.unlink()
    with folder.locked():
        assert measured(folder) == (OLD, "old rows", [AGAIN, CELLS])
    seen.write_bytes(content)
    with folder.locked():
        assert measured(folder) == (NEW, "new rows", [CELLS])


def test_a_try_that_failed_is_left_where_it_is(folder: RunFolder) -> None:
    with renewed(folder.path, job()) as place:
        leave(place, replace(OLD, status="failed", latency=None, failure=FAILURE))
    with folder.locked():
        assert measured(folder) == (OLD, "old rows", [AGAIN, CELLS])


def test_parts_of_what_a_killed_process_was_writing_are_removed_and_nothing_else_is(folder: RunFolder) -> None:
    place = folder.cell_folder(job())
    parts = [place / ".scores.jsonab12_d78", place / ".disagreement-1.png-ab12cd78", folder.path / ".table.md-ab12cd78"]
    kept = [
        place / ".mine",
        place / ".notes.json",
        folder.path / ".report.html-ab12cd78",
        folder.path / ".hidden-12345678",
    ]
    for path in (*parts, *kept):
        path.mkdir() if "-" in path.name else path.touch()
    with folder.locked():
        pass
    assert [path.exists() for path in (*parts, *kept)] == [False] * len(parts) + [True] * len(kept)
