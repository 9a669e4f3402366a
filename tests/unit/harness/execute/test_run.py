import fcntl
import json
import re
import sqlite3
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.documents import ImageIdentity, Plan, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, CannotRunHere
from harness.execute import reuse, run, settling
from harness.execute.executors.base import ExitReport
from harness.host import locks, machine, own
from harness.images import pins
from harness.plan import shards
from harness.progress import OnLine
from runner.contract import Dataset, Detections, Job, Result, pseudonym, rows
from runner.contract.rows import Row, Times
from tests import samples
from tests.fakes import FailingExecutor, FakeExecutor

SSD, LITE = samples.job("ssd300_vgg16"), samples.job("ssdlite320_mobilenet_v3_large")


class Remembering:
    """A display that only remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, bool]] = []
        self.waited: list[tuple[str, str]] = []

    def waiting(self, number: int, job: Job, text: str) -> None:
        self.waited.append((job.model.builder, text))

    def started(self, number: int, job: Job) -> OnLine:
        return lambda line: None

    def finished(self, number: int, result: Result, reused: bool) -> None:
        self.told.append((result.job.model.builder, result.status, reused))


def folder_of(path: Path, plan: Plan) -> RunFolder:
    folder = RunFolder.create(path / "run", "test")
    documents.write(folder.path / "plan.json", plan)
    return folder


class Looking(FakeExecutor):
    """Measures, and notes what is held meanwhile."""

    def __init__(self) -> None:
        super().__init__(image())
        self.held: list[bool] = []

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        self.held.append(not is_free(CPU))
        return super().run(job_path, output_dir, timeout_s, on_line)


def image(recipe: str = "aa") -> ImageIdentity:
    return ImageIdentity("tag", "sha256:1", [], recipe, "base", {}, [])


def test_every_cell_is_executed_in_order_and_saved(tmp_path: Path) -> None:
    folder, executor = folder_of(tmp_path, samples.plan(SSD, LITE)), FakeExecutor(image())
    assert run.execute(folder, {("cuda10.2", "latency"): executor}, "20.10", Remembering())
    assert executor.executed == [SSD.cell, LITE.cell]
    assert [cell.result.status for cell in folder.cells()] == ["ok", "ok"]
    execution = folder.execution(SSD)
    assert execution is not None
    assert (execution.executor, execution.host.engine, execution.pinned) == ("fake", "20.10", True)


def test_a_failed_cell_does_not_stop_the_next_but_fails_the_run(tmp_path: Path) -> None:
    folder, display = folder_of(tmp_path, samples.plan(SSD, LITE)), Remembering()
    assert not run.execute(folder, {("cuda10.2", "latency"): FailingExecutor("ssd300_vgg16")}, None, display)
    assert [(name, status) for name, status, _ in display.told] == [
        ("ssd300_vgg16", "failed"),
        ("ssdlite320_mobilenet_v3_large", "ok"),
    ]


@pytest.mark.parametrize(("named", "fine"), [(True, False), (False, True)])
def test_a_skipped_cell_fails_the_run_only_where_it_was_named(tmp_path: Path, named: bool, fine: bool) -> None:
    skipped = PlannedCell(SSD, named=named, skipped="no such builder in torchvision 0.10")
    folder = folder_of(tmp_path, samples.plan(skipped, LITE))
    assert run.execute(folder, {("cuda10.2", "latency"): FakeExecutor()}, None, Remembering()) is fine
    result = folder.result(SSD)
    assert result is not None
    assert result.failure is not None
    assert (result.status, result.failure.message) == ("skipped", "no such builder in torchvision 0.10")


def test_a_pass_in_shards_that_can_not_run_is_skipped_as_a_whole(tmp_path: Path) -> None:
    dataset = Dataset("some", "0" * 64, [1], [1, 2], ["1.jpg", "2.jpg"])
    whole = PlannedCell(samples.job(suite="accuracy", dataset=dataset, images=[]), named=False, skipped="it lacks it")
    folder = folder_of(tmp_path, samples.plan(*shards.split(whole, 2)))
    # There is an executor: the environment has other models.
    assert run.execute(folder, {("cuda10.2", "accuracy"): FakeExecutor()}, None, Remembering())
    told = [(cell.result.status, cell.result.failure) for cell in folder.every_cell()]
    assert [(status, failure and failure.message) for status, failure in told] == [("skipped", "it lacks it")] * 3


def test_a_second_execution_keeps_what_is_ok(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD, LITE))
    run.execute(folder, {("cuda10.2", "latency"): FailingExecutor("ssd300_vgg16")}, None, Remembering())
    display, executor = Remembering(), FakeExecutor()
    assert run.execute(folder, {("cuda10.2", "latency"): executor}, None, display)
    assert executor.executed == [SSD.cell]
    assert [reused for _, _, reused in display.told] == [False, True]


def test_a_changed_recipe_or_job_is_measured_again(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD))
    run.execute(folder, {("cuda10.2", "latency"): FakeExecutor(image("aa"))}, None, Remembering())
    newer = FakeExecutor(image("bb"))
    run.execute(folder, {("cuda10.2", "latency"): newer}, None, Remembering())
    assert newer.executed == [SSD.cell]
    changed = replace(SSD, variant=replace(SSD.variant, threads=1))
    documents.write(folder.path / "plan.json", samples.plan(changed))
    again = FakeExecutor(image("bb"))
    run.execute(RunFolder(folder.path), {("cuda10.2", "latency"): again}, None, Remembering())
    assert again.executed == [SSD.cell]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"runner_sha256": "ab" * 32}, "since the runner has changed"),
        ({"runner_sha256": None}, "since no record tells which runner it was"),
        ({"harness_version": "0.0.1"}, r"since it was harness 0\.0\.1, and is .* now"),
        ({"harness_version": None}, "since it was harness of unknown version, and is .* now"),
    ],
)
def test_a_result_of_another_runner_or_harness_is_measured_again_and_why_is_said(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD, LITE))
    executors: Any = {("cuda10.2", "latency"): FakeExecutor(image())}
    run.execute(folder, executors, None, Remembering())
    result = folder.result(LITE)
    assert result is not None
    documents.write(folder.cell_folder(LITE) / "result.json", replace(result, **change))
    (remark,) = reuse.remarks(folder, executors)
    assert re.fullmatch(f"measured again: 1 cell, {reason}", remark)
    newer = FakeExecutor(image())
    run.execute(folder, {("cuda10.2", "latency"): newer}, None, Remembering())
    assert newer.executed == [LITE.cell]
    assert reuse.remarks(folder, executors) == []


def outdated(folder: RunFolder, of: Job) -> Result:
    """Make the result of a cell one of another runner, and return it."""
    result = folder.result(of)
    assert result is not None
    documents.write(folder.cell_folder(of) / "result.json", replace(result, runner_sha256="ab" * 32))
    return replace(result, runner_sha256="ab" * 32)


class Ending(FakeExecutor):
    """Is interrupted in the middle of a measurement."""

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        (output_dir / "log.txt").write_text("half of it")
        raise KeyboardInterrupt


def test_a_measurement_is_kept_until_it_is_made_again(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD, LITE))
    run.execute(folder, {("cuda10.2", "latency"): FakeExecutor(image())}, None, Remembering())
    old = outdated(folder, SSD)
    with pytest.raises(KeyboardInterrupt):
        run.execute(folder, {("cuda10.2", "latency"): Ending(image())}, None, Remembering())
    assert [folder.result(SSD), folder.execution(SSD) is not None] == [old, True]
    assert (folder.cell_folder(SSD) / "log.txt").read_text() == "the fake's log\n"
    executor = FakeExecutor(image())
    assert run.execute(folder, {("cuda10.2", "latency"): executor}, None, Remembering())
    result = folder.result(SSD)
    assert (executor.executed, result and result.runner_sha256) == ([SSD.cell], own.runner_sha256())
    assert sorted(path.name for path in folder.path.iterdir()) == ["cells", "plan.json"]


def test_a_measurement_is_kept_where_making_it_again_fails_and_that_is_said(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD, LITE))
    run.execute(folder, {("cuda10.2", "latency"): FakeExecutor()}, None, Remembering())
    old, said = outdated(folder, SSD), list[str]()

    class Telling(Remembering):
        def finished(self, number: int, result: Result, reused: bool) -> None:
            said.extend([result.failure.message] if result.failure else [])

    assert not run.execute(folder, {("cuda10.2", "latency"): FailingExecutor("ssd300_vgg16")}, None, Telling())
    assert folder.result(SSD) == old
    place = folder.path / "again" / SSD.cell
    assert said == [f"the model is broken (what was measured before is kept, this try lies in {place})"]
    assert (place / "execution.json").is_file()


@pytest.mark.parametrize(
    ("field", "then", "why"),
    [
        ("torch", "2.0.0+cpu", r"torch was 2\.0\.0\+cpu, and is 2\.1\.0\+cpu now"),
        ("torch_git", "old", r"torch \(its commit\) was old, and is new now"),
        ("torchvision", "0.15.0", r"torchvision was 0\.15\.0, and is 0\.16\.0\+cpu now"),
        ("python", "3.10.1", r"python was 3\.10\.1, and is 3\.11\.7 now"),
    ],
)
def test_where_the_interpreter_has_other_packages_now_local_cells_are_measured_again(
    monkeypatch: pytest.MonkeyPatch, field: str, then: str, why: str
) -> None:
    now = {"python": "3.11.7", "torch": "2.1.0+cpu", "torch_git": "new", "torchvision": "0.16.0+cpu"}
    monkeypatch.setattr(own, "stack", lambda: now)
    made_by: dict[str, Any] = {"runner_sha256": own.runner_sha256(), "harness_version": own.version()}
    same = samples.ok_result(SSD, software=samples.software(**now), **made_by)
    other = samples.ok_result(SSD, software=samples.software(**{**now, field: then}), **made_by)
    local, execution = FakeExecutor(), samples.execution(SSD)
    local.name = "local"
    assert reuse.outdated(same, execution, local) is None
    assert re.fullmatch(f"since {why}", reuse.outdated(other, execution, local) or "")
    # An image holds its own packages, whatever is installed beside it.
    assert reuse.outdated(other, execution, FakeExecutor()) is None


@pytest.mark.parametrize("left", [None, b"", b"no database", b"odd"])
def test_a_pass_whose_detections_are_gone_is_made_again(tmp_path: Path, left: bytes | None) -> None:
    passed = Detections("detections.sqlite", 1, 0, 0, [], 1, 1, 1, 1, 1, 1, 1, 1, 0.0)
    of = replace(SSD, suite="accuracy")
    result = samples.ok_result(of, latency=None, detections=passed)
    folder = samples.run_folder(tmp_path / "run", result)
    file = folder.cell_folder(of) / passed.file
    with rows.writing(file, "key") as writer:
        writer.append([Row(1, "1.jpg", Times(), failure="broken")])
    assert reuse.lost(folder, result) is None
    if left == b"odd":
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE images SET box_xyxy = x'00'")
        left = file.read_bytes()
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    assert reuse.lost(folder, result) == "since the file of its detections is gone or damaged"


def test_a_result_of_the_harness_itself_says_which_harness_and_runner(tmp_path: Path) -> None:
    skipped = folder_of(tmp_path, samples.plan(PlannedCell(SSD, named=True, skipped="no such builder")))
    run.execute(skipped, {("cuda10.2", "latency"): FakeExecutor()}, None, Remembering())
    crashed = settling.settle(tmp_path, SSD, ExitReport(1, timed_out=False, out_of_memory=False, wall_seconds=1))
    for result in (skipped.result(SSD), crashed):
        assert result is not None
        assert (result.runner_sha256, result.harness_version) == (own.runner_sha256(), own.version())


ONE_ID, OTHER_ID = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


@pytest.mark.parametrize(
    ("files", "known"),
    [
        (["0123456789abcdef0123456789abcdef\n"], ONE_ID),
        ([ONE_ID], ONE_ID),
        ([None, OTHER_ID], OTHER_ID),
        ([ONE_ID, OTHER_ID], ONE_ID),
        (["", OTHER_ID], OTHER_ID),
        (["uninitialized\n"], None),
        (["0" * 32 + "\n"], None),
        (["", None], None),
        (["not an id", "\u00e4"], None),
        ([], None),
    ],
)
def test_a_host_is_known_by_its_machine_id_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str | None], known: str | None
) -> None:
    paths = [tmp_path / str(number) for number in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        if text is not None:
            path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(machine, "MACHINE_IDS", [*paths, tmp_path])  # a folder can't be read
    assert machine.host_id() == (pseudonym(f"{known}\n") if known else None)


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (ExitReport(137, timed_out=True, out_of_memory=False, wall_seconds=1), "timed_out"),
        (ExitReport(137, timed_out=False, out_of_memory=True, wall_seconds=1), "out_of_memory"),
        (ExitReport(137, timed_out=False, out_of_memory=False, wall_seconds=1), "crashed"),
        (ExitReport(0, timed_out=False, out_of_memory=False, wall_seconds=1), "crashed"),
        (ExitReport(2, timed_out=False, out_of_memory=False, wall_seconds=1), "failed"),
        (ExitReport(3, timed_out=False, out_of_memory=False, wall_seconds=1), "failed"),
    ],
)
def test_a_missing_result_is_never_silence(tmp_path: Path, report: ExitReport, status: str) -> None:
    assert settling.settle(tmp_path, SSD, report).status == status
    assert json.loads((tmp_path / "result.json").read_text())["status"] == status


def test_two_processes_can_not_execute_one_run(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD))
    with folder.locked(), pytest.raises(BadInput, match="being executed by another process"), folder.locked():
        pass


def test_deviations_are_what_differs_from_the_pins() -> None:
    assert pins.deviations(SSD.expected, samples.software()) == []
    assert pins.deviations(SSD.expected, samples.software(torch="2.0.0", python="3.90.1")) == [
        "python is 3.90.1, expected 3.9",
        "torch is 2.0.0, expected 1.9.0+cu102",
    ]


def test_a_substituted_base_is_not_pinned(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, samples.plan(SSD))
    substituted = replace(image(), substitutions=["base image is x, not y"])
    run.execute(folder, {("cuda10.2", "latency"): FakeExecutor(substituted)}, None, Remembering())
    execution = folder.execution(SSD)
    assert execution is not None
    assert not execution.pinned
    assert execution.deviations == ["base image is x, not y"]


class UnusableExecutor(FakeExecutor):
    """Leaves what it says is a result, and no reader could use."""

    def run(self, job_path: Path, output_dir: Path, timeout_s: float, on_line: OnLine) -> ExitReport:
        report = super().run(job_path, output_dir, timeout_s, on_line)
        if "ssd300" in job_path.read_text():
            (output_dir / "result.json").write_text('{"schema_version": 3}')
        return report


def test_an_unusable_result_ends_its_cell_alone_and_is_measured_again(tmp_path: Path) -> None:
    folder, display = folder_of(tmp_path, samples.plan(SSD, LITE)), Remembering()
    assert not run.execute(folder, {("cuda10.2", "latency"): UnusableExecutor(image())}, None, display)
    assert [status for _, status, _ in display.told] == ["failed", "ok"]
    result = folder.result(SSD)
    assert result is not None
    assert result.failure is not None
    assert "is not a usable result document" in result.failure.message
    assert "delete it" not in result.failure.message  # it has been replaced by this
    (folder.cell_folder(SSD) / "result.json").write_text("{")
    again = Remembering()
    assert run.execute(folder, {("cuda10.2", "latency"): FakeExecutor(image())}, None, again)
    assert [reused for _, _, reused in again.told] == [False, True]


CPU = f"CPU {machine.every_cpu()[0]}"


def is_free(device: str) -> bool:
    with locks.path_of(device).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_cell_of_latency_is_measured_alone_and_a_detection_pass_is_not(tmp_path: Path) -> None:
    passed = replace(LITE, suite="accuracy", cell="pass")
    folder, executor = folder_of(tmp_path, samples.plan(SSD, passed)), Looking()
    run.execute(folder, {("cuda10.2", "latency"): executor, ("cuda10.2", "accuracy"): executor}, None, Remembering())
    assert executor.held == [True, False]
    assert is_free(CPU)


def test_a_cell_that_waits_has_not_started_and_says_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORTH_TELLING_S", 0.0)
    folder, executor = folder_of(tmp_path, samples.plan(SSD)), Looking()
    with ExitStack() as other:

        class Watching(Remembering):
            def waiting(self, number: int, job: Job, text: str) -> None:
                super().waiting(number, job, text)
                assert executor.held == []
                assert not folder.cell_folder(job).exists()
                other.close()

        other.enter_context(locks.held([CPU], "run other", print))
        display = Watching()
        assert run.execute(folder, {("cuda10.2", "latency"): executor}, None, display)
    assert executor.held == [True]
    ((builder, text), *_, (_, last)) = display.waited
    assert builder == "ssd300_vgg16"
    assert re.match(rf"waiting for {CPU}, held by .* since .*, run other, process \d+$", text)
    assert last.startswith("its turn after ")
    [cell] = folder.cells()
    assert cell.execution
    assert cell.execution.waited_seconds
    assert cell.execution.waited_seconds > 0


def test_an_interruption_of_the_waiting_loses_nothing_and_frees_everything(tmp_path: Path) -> None:
    folder, executor = folder_of(tmp_path, samples.plan(SSD, LITE)), Looking()

    class Impatient(Remembering):
        def waiting(self, number: int, job: Job, text: str) -> None:
            raise KeyboardInterrupt

        def finished(self, number: int, result: Result, reused: bool) -> None:
            super().finished(number, result, reused)
            other.enter_context(locks.held([CPU], "run other", print))

    with ExitStack() as other, pytest.raises(KeyboardInterrupt):
        run.execute(folder, {("cuda10.2", "latency"): executor}, None, Impatient())
    assert is_free(CPU)
    assert [cell.job.cell for cell in folder.cells()] == [SSD.cell]
    assert run.execute(folder, {("cuda10.2", "latency"): executor}, None, Remembering())
    assert executor.executed == [SSD.cell, LITE.cell]


def test_a_cell_that_fails_gives_its_turn_back(tmp_path: Path) -> None:
    class Broken(FakeExecutor):
        def run(self, *_: object) -> ExitReport:
            raise CannotRunHere("the engine has gone", "start it")

    folder = folder_of(tmp_path, samples.plan(SSD))
    with pytest.raises(CannotRunHere):
        run.execute(folder, {("cuda10.2", "latency"): Broken()}, None, Remembering())
    assert is_free(CPU)
