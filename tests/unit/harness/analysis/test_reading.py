"""A run is read some cells at a time."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis import reading
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument
from harness.paths import ROOT
from tests.samples import job, ok_result, run_folder

RUN = RunFolder(ROOT / "results" / "reference" / "quick-1")


@pytest.mark.parametrize("at_once", [1, 40_000, 1 << 40])
def test_however_many_cells_are_read_at_once_what_stays_is_the_same(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, documents = reading.read(RUN)
    monkeypatch.setattr(reading, "AT_ONCE", at_once)
    other, others = reading.read(RUN)
    assert others == documents
    assert other == part


def test_a_run_without_cells_or_without_results_is_read(tmp_path: Path) -> None:
    assert reading.read(run_folder(tmp_path / "none"))[0].planned == []
    folder = run_folder(tmp_path / "a", ok_result(job()))
    (folder.cell_folder(job()) / "result.json").unlink()
    part, _ = reading.read(folder)
    assert (len(part.planned), part.measurements, part.rows.figures.num_rows) == (1, [], 0)


def test_of_cells_that_are_read_at_once_the_unusable_one_is_named(tmp_path: Path) -> None:
    jobs = [replace(job(), repeat=n, cell=f"cell-{n}") for n in (1, 2, 3)]
    folder = run_folder(tmp_path / "a", *map(ok_result, jobs))
    (folder.cell_folder(jobs[1]) / "result.json").write_text("{")
    with pytest.raises(BadDocument, match=r"cell-2/result\.json is not a usable result document"):
        reading.read(folder)
