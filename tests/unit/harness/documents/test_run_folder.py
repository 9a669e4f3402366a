"""The names of a run's folders, and that what is planned can be read again."""

import fcntl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness import documents
from harness.documents import PlannedCell
from harness.documents.names import LONGEST_NAME, cell_name, is_cell_name, require_readable
from harness.documents.run_folder import RunFolder, is_held
from harness.errors import BadDocument, BadInput, StorageError
from harness.plan import shards
from runner.contract import Dataset
from tests.samples import job, ok_result, plan, run_folder

ODD = ["a/b", "..", "a:b", "[x]*?", "数" * 200, "é" * 300, "x" * 300, "\udce9", "new\nline", "tab\t", " ", "%s#?"]


@pytest.mark.parametrize("odd", ODD)
def test_a_cell_s_name_is_a_folder_s(tmp_path: Path, odd: str) -> None:
    name = cell_name("local", "ssd300_vgg16", "quick-1", "cpu", f"on-{odd}")
    assert is_cell_name(name)
    assert len(name.encode()) <= LONGEST_NAME
    (tmp_path / name).mkdir()


def test_long_names_that_differ_anywhere_stay_different_and_keep_their_ends() -> None:
    names = {cell_name("local", "on-" + "x" * n + "y" + "x" * (300 - n), "r1") for n in range(300)}
    assert len(names) == 300
    assert all(name.startswith("local--on-") and name.endswith("--r1") for name in names)


def test_the_shards_of_a_long_name_are_cells_of_their_own() -> None:
    dataset = Dataset("d" * 250, "0" * 64, [1], [1, 2, 3], ["1.jpg", "2.jpg", "3.jpg"])
    long = job(suite="accuracy", dataset=dataset, images=[], cell=cell_name("local", dataset.name))
    cells = shards.split(PlannedCell(long, named=True), 3)
    assert len({cell.job.cell for cell in cells}) == 4
    require_readable(plan(*cells))


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 201])
def test_a_plan_whose_cell_no_run_would_read_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no folder can have the name"):
        require_readable(plan(job(cell=name)))


def test_two_cells_of_one_folder_are_refused() -> None:
    builders = [f"{name}@{'0' * 12}" for name in ("package.module:find_all", "package.module_find:all")]
    one, other = (job(builder, cell=cell_name("local", builder, "r1")) for builder in builders)
    assert one.cell == other.cell
    require_readable(plan(one))
    with pytest.raises(
        BadInput, match=f"cells of {builders[0]} and of {builders[1]} would share the folder {one.cell};"
    ):
        require_readable(plan(one, other))


def test_a_name_that_is_no_text_is_refused_wherever_it_stands() -> None:
    good = plan(job())
    require_readable(good)
    for bad in (replace(good, images_folder="/caf\udce9"), plan(job(expected={"\udce9": "1"}))):
        with pytest.raises(BadInput, match=r"is no text in UTF-8; rename it\.$"):
            require_readable(bad)


def test_what_is_no_text_is_refused_when_it_is_read_too(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "caf\udce9", "test")
    assert folder.name.endswith("caf\\udce9")
    documents.write(folder.path / "plan.json", replace(plan(job()), images_folder="/\udce9"))
    with pytest.raises(BadDocument, match=r"is no text in UTF-8; make a new run\.$"):
        _ = folder.plan


def test_a_cell_that_starts_anew_leaves_no_part_of_a_killed_write(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "test")
    place = folder.clear(job())
    (place / ".result.jsonab12cd").write_text("{")
    (place / "detections.sqlite").write_text("kept")
    folder.clear(job())
    assert {path.name for path in place.iterdir()} == {"job.json", "detections.sqlite"}


def test_the_result_of_another_job_is_none_of_a_cell_s(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job()))
    assert len(folder.cells()) == 1
    changed = replace(job(), variant=replace(job().variant, threads=1))
    documents.write(folder.path / "plan.json", plan(changed))
    assert RunFolder(folder.path).cells() == []


def test_a_lock_is_looked_at_without_a_trace(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "test")
    assert is_held(folder.lock_path) is False
    with folder.locked():
        assert is_held(folder.lock_path) is True
    assert is_held(folder.lock_path) is False
    assert is_held(tmp_path / "nowhere" / ".lock") is False
    assert list(tmp_path.iterdir()) == [folder.path]
    unreadable = tmp_path / ".lock"
    unreadable.symlink_to(unreadable)  # which root can't read either
    assert is_held(unreadable) is None


def test_a_run_that_can_not_be_locked_is_a_sentence(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", "test")
    folder.lock_path.mkdir()
    with pytest.raises(StorageError, match=r"run/\.lock can't be locked: "), folder.locked():
        pass


def test_who_replans_a_run_keeps_what_another_has_planned_meanwhile(tmp_path: Path) -> None:
    folder, another = (run_folder(tmp_path / "run", ok_result(job())), RunFolder(tmp_path / "run"))
    assert folder.plan == another.plan
    added = job("ssd300_vgg16", cell="another")
    with another.locked():
        another.replan(replace(another.plan, cells=[*another.plan.cells, PlannedCell(added, named=True)]))
    with folder.locked():
        folder.replan(replace(folder.plan, precision=0.03))
    planned = RunFolder(folder.path).plan
    assert (planned.precision, [cell.job for cell in planned.cells]) == (0.03, [job(), added])


def test_who_only_looks_keeps_nobody_from_executing_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.documents.run_folder.LOOKED_AT_S", 30.0)
    folder = RunFolder.create(tmp_path / "run", "test")
    with folder.locked():
        pass
    with folder.lock_path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        done = threading.Timer(0.05, lambda: fcntl.flock(file, fcntl.LOCK_UN))
        done.start()
        with folder.locked():
            assert is_held(folder.lock_path)
        done.join()
