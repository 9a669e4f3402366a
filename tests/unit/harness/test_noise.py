"""How long noise is measured, and what becomes of the processes that it took."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness import noise, pipeline
from harness.documents import Plan
from harness.documents import noise as documents
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, CannotRunHere, StorageError
from harness.host import machine
from harness.pipeline import Interrupted, Outcome
from harness.preflight.checks import Preflight
from harness.progress import Silent
from runner.contract import Failure, Job, Result
from tests.samples import job, latency, ok_result, plan, run_folder

HOST = "a1b2c3"


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1441", "five", "", "5m"])
def test_what_is_no_time_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--noise (can't take|takes a number of minutes, not) .*; (give|write) "):
        noise.parse_minutes(text)


def test_minutes_may_have_a_part() -> None:
    assert noise.parse_minutes("0.5") == 0.5


def cell(repeat: int) -> Job:
    return job(noise.MODEL, "local", cell=f"local--r{repeat}", repeat=repeat)


def measured(repeat: int) -> Result:
    return ok_result(cell(repeat), latency=latency([10.0 + repeat % 3, 20.0, 12.0]))


def failed(repeat: int) -> Result:
    return replace(measured(repeat), status="failed", latency=None, failure=Failure("Any", "no", "", "model"))


Measure = Callable[..., documents.Noise]


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Measures without a process: `results` are what the cells leave, each after so many seconds."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(machine, "host_id", lambda: HOST)
    monkeypatch.setattr(noise, "_planned", lambda *_: plan(*map(cell, range(1, noise.MOST + 1))))

    def measuring(minutes: float, each_s: float, *results: Result, interrupted: bool = False) -> documents.Noise:
        def start(planned: Plan, *_: object) -> Outcome:
            folder = run_folder(tmp_path / "run", results[0], wall_seconds=each_s)
            return Outcome(folder, [], results[0].status == "ok", [])

        def resume(folder: RunFolder, *_: object) -> None:
            wanted = [each for each in results[1:] if each.job in [one.job for one in folder.plan.cells]]
            run_folder(tmp_path / "more", *wanted)
            for each in wanted:
                (tmp_path / "more/cells" / each.job.cell).rename(folder.cell_folder(each.job))
            if interrupted:
                raise Interrupted(folder.path, folder.name)

        monkeypatch.setattr(pipeline, "start", start)
        monkeypatch.setattr(pipeline, "resume", resume)
        return noise.measure(minutes, [], Preflight(), Silent())

    return measuring


def test_as_many_processes_are_measured_as_the_time_holds(measure: Measure) -> None:
    made = measure(1.0, 7.0, *map(measured, range(1, 30)))
    assert made.processes == 8  # of nine that fit, an even number
    assert (made.failed, made.interrupted, made.iterations) == (0, False, 3)
    assert made.host == HOST


def test_a_time_for_fewer_than_two_a_side_says_which_would_do(measure: Measure) -> None:
    with pytest.raises(BadInput, match=r"^0.5 minutes hold 2 processes of 20 s each here, and two a side take 4; give"):
        measure(0.5, 20.0, measured(1))


def test_a_model_that_can_t_be_measured_ends_it(measure: Measure) -> None:
    with pytest.raises(CannotRunHere, match=f"{noise.MODEL} could not be measured: no; read "):
        measure(1.0, 5.0, failed(1))


def test_what_failed_on_the_way_is_counted_and_left_out(measure: Measure) -> None:
    made = measure(1.0, 10.0, *map(measured, (1, 2, 3, 4)), failed(5), failed(6))
    assert (made.processes, made.failed) == (4, 2)


def test_too_few_that_were_fine_say_nothing(measure: Measure) -> None:
    with pytest.raises(CannotRunHere, match="3 of 6 processes were fine, and two a side take 4; read "):
        measure(1.0, 10.0, *map(measured, (1, 2, 3)), failed(4), failed(5), failed(6))


def test_what_was_measured_before_an_interruption_counts(measure: Measure) -> None:
    made = measure(10.0, 10.0, *map(measured, (1, 2, 3, 4, 5)), interrupted=True)
    assert (made.processes, made.interrupted) == (5, True)


def test_an_interruption_before_two_a_side_tells_nothing(measure: Measure) -> None:
    with pytest.raises(Interrupted):
        measure(10.0, 10.0, *map(measured, (1, 2, 3)), interrupted=True)


def test_nothing_is_measured_that_could_not_be_kept(measure: Measure, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StorageError, match="noise can't be made: "):
        measure(1.0, 7.0)  # of which no cell would leave a result
