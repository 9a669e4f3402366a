from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import documents
from harness.documents import Execution, Host, PlannedCell
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument, BadInput
from harness.execute import joining
from harness.plan import shards
from runner.contract import CpuSupply, Dataset, Detections, Failure, Job, Memory, Result, rows
from runner.contract.rows import ImageDetections, Row, Times
from tests.samples import hardware, job, ok_result, plan, software

IMAGES = 7


def whole() -> PlannedCell:
    ids = list(range(100, 100 + IMAGES))
    dataset = Dataset("some", "0" * 64, [1], ids, [f"{i}.jpg" for i in ids])
    return PlannedCell(job(suite="accuracy", dataset=dataset, images=[]), named=True, annotations="a.json")


def ids_of(of: Job) -> list[int]:
    assert of.dataset is not None
    return of.dataset.ids


@pytest.mark.parametrize("count", range(1, IMAGES + 1))
def test_shards_hold_every_image_once_in_order(count: int) -> None:
    *parts, joined = shards.split(whole(), count)
    held = [image_id for part in parts or [joined] for image_id in ids_of(part.job)]
    assert held == ids_of(joined.job)
    assert joined.joins == [part.job.cell for part in parts]
    sizes = [len(ids_of(part.job)) for part in parts]
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert joined.job == whole().job
    assert len({cell.job.cell for cell in [*parts, joined]}) == len(parts) + 1


def test_more_shards_than_images_are_refused() -> None:
    with pytest.raises(BadInput, match="7 images do not make 8 shards; take at most --shards 7"):
        shards.split(whole(), 8)


def row(image_id: int) -> Row:
    random = np.random.default_rng(image_id)
    n = image_id % 3
    detections = ImageDetections(random.random((n, 4), "f4"), random.random(n, "f4"), random.integers(1, 9, n))
    return Row(image_id, f"{image_id}.jpg", Times(1.0, 1.0, 1.0, 1.0), None, 4, 6, "ab" * 32, detections)


def leave(folder: RunFolder, part: PlannedCell, **changes: Any) -> None:
    """Leave what the runner leaves of a shard."""
    place = folder.clear(part.job)
    (place / "detections.sqlite").unlink(missing_ok=True)
    made = [row(image_id) for image_id in ids_of(part.job)]
    with rows.writing(place / "detections.sqlite", part.job.cell) as writer:
        writer.append(made)
        totals = writer.totals()._asdict()
    passed = Detections(
        file="detections.sqlite",
        resumed_images=0,
        bad_images=[],
        load_ms=5.0,
        wall_ms=50.0,
        first_batch_ms=20.0,
        waited_ms=1.0,
        other_load_cpus=0.0,
        turned_images=2,
        resize_rule="float32",
        **totals,
    )
    result = ok_result(part.job, latency=None, detections=passed, memory=Memory(9, 1, None, None, "on the CPU"))
    documents.write(place / "result.json", replace(result, **changes))
    seen = Execution(1, part.job.cell, "local", Host("h"), 0, False, False, 2.0, "c", None, True, [])
    documents.write(place / "execution.json", seen)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    documents.write(tmp_path / "plan.json", plan(*shards.split(whole(), 3)))
    return RunFolder(tmp_path)


def rows_of(folder: RunFolder, of: Job) -> list[tuple[Any, ...]]:
    read = rows.read(folder.cell_folder(of) / "detections.sqlite")
    return [
        (each.image_id, each.detections.boxes.tolist(), each.detections.scores.tolist())
        for each in read
        if each.detections
    ]


def test_the_whole_is_what_one_cell_would_have_left(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    result = joining.join(folder, joined)
    assert (result.status, result.job) == ("ok", whole().job)
    assert result.detections is not None
    assert (result.detections.images, result.detections.wall_ms) == (IMAGES, 150.0)
    assert (result.detections.turned_images, result.detections.resize_rule) == (6, "float32")
    expected = [row(image_id) for image_id in ids_of(whole().job)]
    assert rows_of(folder, joined.job) == [
        (each.image_id, each.detections.boxes.tolist(), each.detections.scores.tolist())
        for each in expected
        if each.detections
    ]
    (cell,) = folder.cells()
    assert cell.result == result
    assert cell.execution is not None
    assert (cell.execution.wall_seconds, cell.execution.container_id) == (6.0, None)
    assert len(folder.every_cell()) == 4


def test_joining_again_adds_nothing(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    joining.join(folder, joined)
    joining.join(folder, joined)
    assert len(rows_of(folder, joined.job)) == IMAGES


def test_a_whole_stays_until_it_is_joined_again(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    whole_of_before = joining.join(folder, joined)
    (folder.cell_folder(parts[2].job) / "detections.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(BadDocument):
        joining.join(folder, joined)
    assert folder.result(joined.job) == whole_of_before
    assert len(rows_of(folder, joined.job)) == IMAGES


def test_a_shard_that_is_no_pass_is_a_sentence(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    (folder.cell_folder(parts[1].job) / "detections.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(
        BadDocument, match=r"detections\.sqlite is no detection pass: file is not a database; delete it"
    ):
        joining.join(folder, joined)


def test_a_failed_shard_fails_the_whole(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    failure = Failure("JobError", "the image 3.jpg can't be read", "restore it", "infrastructure")
    leave(folder, parts[1], status="failed", failure=failure, detections=None)
    result = joining.join(folder, joined)
    assert (result.status, result.failure, result.detections) == ("failed", failure, None)


@pytest.mark.parametrize(
    "change",
    [
        {"software": software(torch="2.0")},
        {"weights_sha256": "cd" * 32},
        {"runner_sha256": "ef" * 32},
        {"harness_version": "0.0.7"},
    ],
)
def test_shards_of_different_stacks_are_no_whole(folder: RunFolder, change: dict[str, Any]) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    leave(folder, parts[2], **change)
    result: Result = joining.join(folder, joined)
    assert result.failure is not None
    assert result.failure.message == "its shards were detected by different software, runners or weights"


def test_shards_of_different_machines_are_no_whole(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part)
    leave(folder, parts[2], hardware=hardware("Intel Xeon"))
    result = joining.join(folder, joined)
    assert result.failure
    assert result.failure.message.startswith("its shards were detected on different machines or GPUs")


def test_the_whole_had_the_cpus_of_all_its_shards(folder: RunFolder) -> None:
    *parts, joined = folder.plan.cells
    supplies = [CpuSupply(0.5, 10 * n, n, 2.0 * n, 0.1 * n) for n in range(1, len(parts) + 1)]
    for part, supply in zip(parts, supplies, strict=True):
        leave(folder, part, cpu_supply=supply)
    n = len(parts)
    total = n * (n + 1) // 2
    assert joining.join(folder, joined).cpu_supply == CpuSupply(0.5, 10 * total, total, 2.0 * total, 0.1 * n)


@pytest.mark.parametrize("last", [None, CpuSupply(None, None, None, None, 0.0, "nothing is mounted")])
def test_what_one_shard_does_not_know_the_whole_does_not(folder: RunFolder, last: CpuSupply | None) -> None:
    *parts, joined = folder.plan.cells
    for part in parts:
        leave(folder, part, cpu_supply=CpuSupply(0.5, 10, 1, 2.0, 0.0))
    leave(folder, parts[-1], cpu_supply=last)
    supply = joining.join(folder, joined).cpu_supply
    if last is None:
        assert supply is None
    else:
        assert supply == CpuSupply(0.5, None, None, None, 0.0, "nothing is mounted")
