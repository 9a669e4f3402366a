"""Runs as people name them."""

from pathlib import Path

import pytest

from harness import documents
from harness.documents.run_folder import RunFolder, require_free
from harness.documents.runs import cells_of, open_run
from harness.errors import BadInput, StorageError
from runner.contract import Dataset
from tests.samples import job, ok_result, plan, run_folder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARNESS_RESULTS", str(tmp_path))
    return tmp_path


def make(results: Path, *names: str) -> None:
    for name in names:
        (results / name).mkdir()
        (results / name / "plan.json").write_text("{}")


def test_a_run_is_named_by_its_id_or_its_path(results: Path) -> None:
    make(results, "mine")
    assert open_run("mine").path == open_run(str(results / "mine")).path == results / "mine"


def test_instead_of_one_that_is_not_there_the_newest_is_named_whatever_others_are_called(results: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no run 'x'; make one with: harness run\.$"):
        open_run("x")
    make(results, "20260102-000000-quick-1-ffff", "20260103-000000-quick-1-0000", "zebra")
    with pytest.raises(BadInput, match=r"there is no run 'x'; the newest run here is 20260103-000000-quick-1-0000\.$"):
        open_run("x")


def test_only_a_run_is_offered_to_be_gone_on_with(results: Path) -> None:
    make(results, "mine")
    (results / "other").mkdir()
    with pytest.raises(BadInput, match=r"exists already; choose another --out, or go on with --resume \S+mine\.$"):
        RunFolder.create(results / "mine", "run")
    with pytest.raises(BadInput, match=r"exists already; choose another --out\.$"):
        RunFolder.create(results / "other", "run")
    for free in (None, results / "new"):
        require_free(free)
    with pytest.raises(BadInput, match=r"exists already; choose another --out\.$"):
        require_free(results / "other")
    with pytest.raises(StorageError, match=r"can't be made: File name too long; choose a shorter name\.$"):
        require_free(results / ("x" * 300))


def test_another_place_is_offered_by_the_name_that_the_command_has_for_it(results: Path, tmp_path: Path) -> None:
    (results / "file").touch()
    with pytest.raises(StorageError, match=r"can't be made: Not a directory; choose another --out\.$"):
        RunFolder.create(results / "file" / "run", "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_RESULTS", str(results / "file"))
        with pytest.raises(StorageError, match=r"Not a directory; set HARNESS_RESULTS to a folder elsewhere\.$"):
            RunFolder.create(None, "demo")


def test_how_a_run_without_results_is_gone_on_with_and_that_a_demo_is_not(results: Path) -> None:
    shown = Dataset("demo", "0" * 64, [], [1], ["000000.ppm"], follows=True)
    for name, dataset in (("a run", None), ("shown", shown)):
        folder = RunFolder.create(results / name, "run")
        documents.write(folder.path / "plan.json", plan(job(suite="accuracy", dataset=dataset)))
    with pytest.raises(BadInput, match="a run: no cell has a result yet; go on with: harness run --resume 'a run'"):
        cells_of([open_run("a run")])
    with pytest.raises(BadInput, match=r"shown: no cell has a result yet; make it anew: harness demo\.$"):
        cells_of([open_run("shown")])


@pytest.mark.parametrize("name", ["", " "])
def test_a_run_without_a_name_is_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_folder(tmp_path / "run", ok_result(job()))
    monkeypatch.chdir(tmp_path / "run")
    with pytest.raises(BadInput, match="the name of a run is empty; name an ID, a folder, or latest"):
        open_run(name)
