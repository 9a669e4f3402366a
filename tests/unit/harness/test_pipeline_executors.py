"""What a run's executors are given of this host."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents, pipeline
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, CannotRunHere, StorageError
from harness.execute.executors.local import LocalExecutor
from harness.host.gpus import Gpus, HostGpu
from harness.pipeline import _executors
from harness.preflight.checks import Preflight
from harness.progress import Silent
from runner.contract import Code, Dataset, ModelSpec, Weights
from runner.contract.code import builder_of
from tests.samples import job, plan

GPUS = [HostGpu(uuid, "A100", (8, 0), 5 << 30, True, "580.95.05") for uuid in ("MIG-aaa", "MIG-bbb")]


class Host(Preflight):
    """A host with two instances, on which everything can run."""

    def __init__(self) -> None:
        super().__init__()
        self.gpus = Gpus(GPUS)

    def obstacle(self, *_: object) -> None:
        return None


def run_on(path: Path, gpu: str) -> RunFolder:
    folder = RunFolder.create(path / "run", "run")
    planned = plan(job(environment="local", device="cuda"))
    documents.write(folder.path / "plan.json", replace(planned, gpu=gpu))
    return folder


def test_the_process_sees_the_gpu_whose_pseudonym_the_plan_has(tmp_path: Path) -> None:
    (executor,) = _executors(run_on(tmp_path, GPUS[1].pseudonym), {}, Host()).values()
    assert isinstance(executor, LocalExecutor)
    assert executor._environment["CUDA_VISIBLE_DEVICES"] == "MIG-bbb"


def test_a_cell_of_an_image_that_was_not_looked_for_runs_nowhere(tmp_path: Path) -> None:
    folder = run_on(tmp_path, GPUS[0].pseudonym)
    documents.write(folder.path / "plan.json", replace(folder.plan, cells=plan(job(environment="cuda10.2")).cells))
    with pytest.raises(BadInput, match=r"cells in cuda10\.2 were planned meanwhile by another process"):
        _executors(RunFolder(folder.path), {}, Host())


def test_own_code_is_handed_to_the_runner(tmp_path: Path) -> None:
    folder = run_on(tmp_path, GPUS[0].pseudonym)
    documents.write(folder.path / "plan.json", replace(folder.plan, code_folder="/mine", weights_folder="/mine"))
    (executor,) = _executors(RunFolder(folder.path), {}, Host()).values()
    assert isinstance(executor, LocalExecutor)
    assert executor._folders == ["--weights", Path("/mine"), "--code", Path("/mine")]


def test_code_that_changed_starts_nothing(tmp_path: Path) -> None:
    code = Code("mine", "f", "0" * 64)
    planned = plan(job(environment="local", model=ModelSpec(builder_of(code), Weights("own"), None, code)))
    with pytest.raises(BadInput, match="changed after the run was planned"):
        pipeline.start(replace(planned, code_folder=str(tmp_path)), Host(), Silent(), "quick-1", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_demo_is_not_resumed_whose_frames_nobody_hands_over(tmp_path: Path) -> None:
    shown = Dataset("demo", "0" * 64, [], [1], ["000000.ppm"], follows=True)
    folder = RunFolder.create(tmp_path / "run", "demo")
    documents.write(folder.path / "plan.json", plan(job(environment="local", suite="accuracy", dataset=shown)))
    with pytest.raises(BadInput, match="run is a demo, whose frames are no longer there; make it anew: harness demo"):
        pipeline.resume(folder, Host(), Silent())


def test_without_its_gpu_nothing_starts(tmp_path: Path) -> None:
    with pytest.raises(CannotRunHere, match="the GPU of this run, 0123456789ab, is not here"):
        _executors(run_on(tmp_path, "0123456789ab"), {}, Host())


def test_without_its_gpu_no_folder_is_made(tmp_path: Path) -> None:
    planned = replace(plan(job(environment="local", device="cuda")), gpu="0123456789ab")
    with pytest.raises(CannotRunHere, match="is not here"):
        pipeline.start(planned, Host(), Silent(), "quick-1", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_a_place_for_locks_no_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path / "file" / "locks"))
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="set HARNESS_LOCKS to a folder"):
        pipeline.start(plan(job(environment="local")), Host(), Silent(), "quick-1", tmp_path / "run")
    assert not (tmp_path / "run").exists()
