from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from harness import documents
from harness.documents import PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.execute.work import same_work
from harness.plan import shards, sweep
from runner.contract import Dataset, Job, Numerics, Variant
from tests.samples import job, plan


def accuracy(**changes: Any) -> Job:
    dataset = Dataset("some", "0" * 64, [1], [1, 2], ["1.jpg", "2.jpg"])
    return job(suite="accuracy", dataset=dataset, images=[], **changes)


def run_of(tmp_path: Path, *cells: Job | PlannedCell) -> RunFolder:
    documents.write(tmp_path / "plan.json", plan(*cells))
    return RunFolder(tmp_path)


def differing(one: Numerics, other: Numerics) -> list[str]:
    return [field.name for field in fields(Numerics) if getattr(one, field.name) != getattr(other, field.name)]


@pytest.mark.parametrize(
    ("device", "switches"),
    [
        ("cpu", {"deterministic", "matmul_precision", "flush_denormals", "threads"}),
        ("cuda", {"deterministic", "matmul_precision", "tf32", "cudnn_benchmark"}),
    ],
)
def test_each_cell_turns_one_switch_of_the_device(tmp_path: Path, device: Any, switches: set[str]) -> None:
    base = accuracy(device=device)
    cells = sweep.plan(run_of(tmp_path, base)).cells
    turned = [differing(cell.job.numerics, base.numerics) for cell in cells]
    assert all(len(names) == 1 for names in turned)
    assert {name for (name,) in turned} == switches
    assert len({cell.job.cell for cell in cells} | {base.cell}) == len(cells) + 1
    assert all(replace(cell.job, cell=base.cell, variant=base.variant) == base for cell in cells)


def test_the_run_s_own_number_of_threads_is_the_base(tmp_path: Path) -> None:
    base = accuracy(variant=Variant(threads=3))
    cells = sweep.plan(run_of(tmp_path, base)).cells
    assert sorted(str(cell.job.numerics.threads) for cell in cells) == ["1", "3", "3", "3"]


@pytest.mark.parametrize(
    ("device", "names"),
    [
        ("cpu", ["deterministic", "matmul-precision", "flush-denormals", "one-thread"]),
        ("cuda", ["deterministic", "matmul-precision", "cudnn-benchmark", "tf32"]),
    ],
)
def test_what_every_device_has_is_turned_first(tmp_path: Path, device: Any, names: list[str]) -> None:
    base = accuracy(device=device)
    assert [cell.job.cell for cell in sweep.plan(run_of(tmp_path, base)).cells] == [f"{base.cell}--{n}" for n in names]


def test_another_number_of_threads_is_other_work(tmp_path: Path) -> None:
    base = accuracy(variant=Variant(threads=3))
    works = {cell.job.cell.split("--")[-1]: same_work(cell.job) for cell in sweep.plan(run_of(tmp_path, base)).cells}
    assert works.pop("one-thread") != same_work(base)
    assert set(works.values()) == {same_work(base)}


def test_latencies_and_shards_have_no_part_in_it(tmp_path: Path) -> None:
    whole = PlannedCell(accuracy(), named=True)
    cells = sweep.plan(run_of(tmp_path, job(), *shards.split(whole, 2))).cells
    assert len(cells) == 4
    assert all(cell.job.shard is None and not cell.joins for cell in cells)


def test_a_run_without_detection_passes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no detection passes; make some: harness run --suite accuracy"):
        sweep.plan(run_of(tmp_path, job()))
