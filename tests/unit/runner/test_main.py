import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from runner.__main__ import main
from runner.contract import SCHEMA_VERSION, Failure, Job, Result, Variant
from runner.contract.serialise import from_dict, to_dict
from tests.samples import job, ok_result

unhurried = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


class ActingJob(ModuleType):
    """Stands in for runner.job, which imports torch: remembers what happened and returns a result."""

    Folders = staticmethod(lambda images, weights, out, code: (images, weights, out, code))

    def __init__(self) -> None:
        super().__init__("runner.job")
        self.happened: list[Any] = []
        self.changes: dict[str, Any] = {}

    @property
    def execute(self) -> Callable[..., Result]:
        self.happened.append("import")
        return self._execute

    def _execute(self, of: Job, folders: tuple[Path | None, ...], progress: Callable[..., None]) -> Result:
        self.happened.append((of, *folders))
        progress("loaded", load_ms=1.5)
        return ok_result(of, **self.changes)


@pytest.fixture
def acting(monkeypatch: pytest.MonkeyPatch) -> ActingJob:
    module = ActingJob()
    monkeypatch.setitem(sys.modules, "runner.job", module)
    return module


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Job], str]:
    """Write a job and return the name of its file."""

    def write(of: Job) -> str:
        path = tmp_path / "job.json"
        path.write_text(json.dumps(to_dict(of)))
        return str(path)

    return write


Write = Callable[[Job], str]


def test_a_measured_cell_leaves_its_result_and_ends_with_zero(acting: ActingJob, write: Write, out: Path) -> None:
    assert main([write(job()), str(out)]) == 0
    assert from_dict(Result, json.loads((out / "result.json").read_text())) == ok_result(job())
    assert [path.name for path in out.iterdir()] == ["result.json"]
    assert acting.happened == ["import", (job(), None, None, out, None)]


def test_the_folders_are_handed_on(acting: ActingJob, write: Write, out: Path) -> None:
    assert main([write(job()), str(out), "--images", "some/images", "--weights", "w", "--code", "c"]) == 0
    here = Path.cwd()  # and not where a person's own code may go
    assert acting.happened[-1] == (job(), here / "some/images", here / "w", out, here / "c")


def test_progress_is_lines_of_json_on_standard_output(
    acting: ActingJob, write: Write, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([write(job()), str(out)])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"event": "loaded", "load_ms": 1.5}


@pytest.mark.parametrize("status", ["failed", "out_of_memory"])
def test_a_cell_that_was_not_measured_leaves_its_result_and_ends_with_one(
    acting: ActingJob, write: Write, out: Path, status: Any
) -> None:
    failure = Failure("ValueError", "the model is broken", "mend it", "model")
    acting.changes = {"status": status, "failure": failure, "latency": None}
    assert main([write(job()), str(out)]) == 1
    assert json.loads((out / "result.json").read_text())["failure"]["message"] == "the model is broken"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema_version": 1}',
        json.dumps({**to_dict(job()), "colour": "red"}).encode(),
        json.dumps({**to_dict(job()), "device": "tpu"}).encode(),
    ],
)
def test_a_job_that_is_none_ends_with_two(
    acting: ActingJob, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(content)
    assert main([str(path), str(out)]) == 2
    assert capsys.readouterr().err.startswith(f"The job {path} can't be used: ")
    assert (acting.happened, list(out.iterdir())) == ([], [])


def test_a_missing_job_ends_with_two(
    acting: ActingJob, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for missing in (tmp_path / "no-such-job.json", tmp_path):
        assert main([str(missing), str(out)]) == 2
        assert str(missing) in capsys.readouterr().err
    assert acting.happened == []


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 99])
def test_a_job_of_another_version_ends_with_two_and_tells_both(
    acting: ActingJob, write: Write, out: Path, capsys: pytest.CaptureFixture[str], version: int
) -> None:
    assert main([write(job(schema_version=version)), str(out)]) == 2
    wanted = f"schema version {version}; this runner reads {SCHEMA_VERSION}.\n"
    assert capsys.readouterr().err.endswith(wanted)
    assert acting.happened == []


def test_a_result_without_a_folder_ends_with_three(
    acting: ActingJob, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    for nowhere in (file, file / "below"):
        assert main([write(job()), str(nowhere)]) == 3
        assert capsys.readouterr().err.startswith(f"The result can't be written to {nowhere}: ")
    assert acting.happened == [], "measured in vain"


def test_a_full_disk_ends_with_three_and_leaves_nothing(
    acting: ActingJob, write: Write, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    assert main([write(job()), str(out)]) == 3
    assert "No space left on device" in capsys.readouterr().err
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(("cpus", "wanted"), [("0,2-3", [(0, [0, 2, 3])]), (None, [])])
def test_the_process_is_bound_to_its_cpus_before_torch_is_imported(
    acting: ActingJob, write: Write, out: Path, monkeypatch: pytest.MonkeyPatch, cpus: str | None, wanted: list[Any]
) -> None:
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, numbers: acting.happened.append((pid, list(numbers))))
    bound = replace(job(), variant=Variant(cpus=cpus))
    assert main([write(bound), str(out)]) == 0
    assert acting.happened == [*wanted, "import", (bound, None, None, out, None)]


@pytest.mark.parametrize(
    ("variant", "set_before", "wanted"),
    [
        (Variant(threads=3), None, "3"),
        (Variant(threads=3), "1", "1"),
        (Variant(), None, None),
        (Variant(blas_threads=1), None, "1"),
        (Variant(threads=3, blas_threads=1), "2", "1"),
    ],
)
def test_a_blas_gets_no_more_threads_than_torch_unless_it_is_told(
    acting: ActingJob,
    write: Write,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    variant: Variant,
    set_before: str | None,
    wanted: str | None,
) -> None:
    monkeypatch.setattr(os, "environ", {"OPENBLAS_NUM_THREADS": set_before} if set_before else {})
    assert main([write(job(variant=variant)), str(out)]) == 0
    assert os.environ.get("OPENBLAS_NUM_THREADS") == wanted


def test_cpus_that_are_not_there_are_a_failure_and_not_a_traceback(
    acting: ActingJob, write: Write, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(pid: int, numbers: list[int]) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "sched_setaffinity", refused)
    assert main([write(job(variant=Variant(cpus="7"))), str(out)]) == 2
    assert main([write(job(variant=Variant(cpus="3-1"))), str(out)]) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, r"ok: \d+\.\d ms, the median of \d+ iterations\n"),
        (
            {"status": "failed", "latency": None, "failure": Failure("X", "it broke", "mend it", "model")},
            r"failed: it broke\n",
        ),
    ],
)
def test_a_person_reads_how_it_ended(
    acting: ActingJob,
    write: Write,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    sentence: str,
) -> None:
    acting.changes = changes
    main([write(job()), str(out)])
    assert re.match(sentence, capsys.readouterr().err)


def test_the_command_line_may_name_another_model_and_device(acting: ActingJob, write: Write, out: Path) -> None:
    main([write(job()), str(out), "--model", "ssd300_vgg16", "--device", "cuda"])
    _, (of, *_) = acting.happened
    assert (of.model.builder, of.device) == ("ssd300_vgg16", "cuda")
    assert replace(of, model=job().model, device=job().device) == job()
