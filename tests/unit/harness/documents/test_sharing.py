import json
from pathlib import Path
from typing import Any

import pytest

from harness.documents.files import read
from harness.documents.plan import Plan
from harness.documents.run_folder import RunFolder
from harness.documents.sharing import MOST, Shared
from harness.errors import BadDocument
from runner.contract import Result
from runner.contract.serialise import to_dict
from tests.samples import job, ok_result, run_folder, software


def test_results_share_what_they_have_in_common_and_are_what_is_read_alone(tmp_path: Path) -> None:
    first = ok_result(job(repeat=1, cell="a"))
    alike = ok_result(job(repeat=2, cell="b"), wall_ms=3.0)
    other = ok_result(job(repeat=3, cell="c"), software=software(threads=1))
    folder = run_folder(tmp_path / "run", first, alike, other)
    read_of = {cell.job.cell: cell.result for cell in folder.cells()}
    assert read_of["a"].software is read_of["b"].software
    assert read_of["a"].job.protocol is read_of["c"].job.protocol
    for result in (first, alike, other):
        assert read_of[result.job.cell] == read(Result, folder.cell_folder(result.job) / "result.json") == result


def test_the_cells_of_a_plan_share_them_with_one_another_and_with_the_results(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(repeat=1, cell="a")), ok_result(job(repeat=2, cell="b")))
    one, other = folder.plan.cells
    assert one.job.protocol is other.job.protocol
    assert folder.result(one.job) == folder.cells()[0].result
    assert folder.cells()[0].result.job.protocol is one.job.protocol
    assert folder.plan == read(Plan, folder.path / "plan.json")


def test_a_cell_of_a_plan_that_is_wrong_is_named_with_its_number(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(cell="a")), ok_result(job(cell="b")))
    path = folder.path / "plan.json"
    before, _, after = path.read_text().rpartition('"repeat": 1')
    path.write_text(f'{before}"repeat": "first"{after}')
    with pytest.raises(BadDocument, match=r"cells\.1\.job\.repeat: Input should be a valid integer"):
        RunFolder(folder.path).plan  # noqa: B018 -- it is read when it is asked for


@pytest.mark.parametrize("cells", ["null", "{}", "[3]", '[{"job": 3}]'])
def test_what_are_no_cells_of_a_plan_are_refused_as_ever(tmp_path: Path, cells: str) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(cell="a")))
    path = folder.path / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cells": json.loads(cells)}))
    with pytest.raises(BadDocument, match=r"is not a usable plan document: cells"):
        RunFolder(folder.path).plan  # noqa: B018


def test_a_part_that_is_wrong_is_named_after_right_ones_were_seen(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", ok_result(job(cell="a")), ok_result(job(cell="b")))
    path = folder.cell_folder(job(cell="b")) / "result.json"
    path.write_text(path.read_text().replace('"threads": 2', '"threads": "many"', 1))
    with pytest.raises(BadDocument, match=r"software\.threads: Input should be a valid integer"):
        folder.cells()


@pytest.mark.parametrize("data", [None, [], {}, {"job": 3, "software": None, "latency": {"inputs": None}}])
def test_what_is_no_result_has_no_parts(data: Any) -> None:
    assert Shared().insert(data) == {}


def test_the_latest_parts_are_known_and_no_more_of_them(tmp_path: Path) -> None:
    shared = Shared()
    results = [ok_result(job(), software=software(threads=number)) for number in range(1, MOST + 2)]
    for result in results:
        shared.learn({"software": to_dict(result)["software"]}, result)
    assert "software" in shared.insert(to_dict(results[0]))
    again = to_dict(results[-1])
    assert "software" not in shared.insert(again)
    assert again["software"] is results[-1].software
