"""The parts of a detection pass, joined to the whole."""

import sqlite3
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from harness import documents
from harness.analysis.facts import observed
from harness.analysis.naming import hardware_name
from harness.documents import Execution, PlannedCell
from harness.documents.renewing import renewed
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import MAKE_ROOM, StorageError
from runner.contract import CpuSupply, Detections, Failure, Job, Memory, Result, rows

#: Rows that are copied at once.
BLOCK = 200
N = TypeVar("N", int, float)


def join(folder: RunFolder, whole: PlannedCell) -> Result:
    """Write the whole pass that the cell joins, as one cell would have left it, and return its result.

    Every shard has a result; one that failed fails the whole. Raises StorageError where they can't be copied.
    """
    parts = [cell for cell in folder.every_cell() if cell.job.cell in whole.joins]
    result = _result(whole.job, parts)
    with renewed(folder.path, whole.job) as place:
        if result.status == "ok":
            joined = _detections([cell.result.detections for cell in parts if cell.result.detections])
            _copy([folder.cell_folder(cell.job) / joined.file for cell in parts], place / joined.file)
            result = replace(result, detections=joined)
        documents.write(place / "result.json", result)
        executions = [cell.execution for cell in parts if cell.execution]
        documents.write(place / "execution.json", _execution(whole.job, executions))
    return result


def _result(job: Job, parts: list[Cell]) -> Result:
    """Return the result of the whole but for its detections."""
    first = parts[0].result
    blank = replace(
        first,
        job=job,
        started_at=min(cell.result.started_at for cell in parts),
        finished_at=max(cell.result.finished_at for cell in parts),
        detections=None,
        memory=_memory([cell.result.memory for cell in parts if cell.result.memory]),
        cpu_supply=_supply([cell.result.cpu_supply for cell in parts]),
        warnings=list(dict.fromkeys(warning for cell in parts for warning in cell.result.warnings)),
    )
    for cell in parts:
        if cell.result.failure:
            return replace(blank, status=cell.result.status, failure=cell.result.failure)
    if any(_made_by(cell.result) != _made_by(first) for cell in parts):
        return _no_whole(blank, "by different software, runners or weights", "run it anew in one environment")
    if any(_made_on(cell) != _made_on(parts[0]) for cell in parts):
        return _no_whole(blank, "on different machines or GPUs, whose times make no sum", "run it anew on one")
    return blank


def _no_whole(blank: Result, how: str, remedy: str) -> Result:
    failure = Failure("Shards", f"its shards were detected {how}", remedy, "infrastructure")
    return replace(blank, status="failed", failure=failure)


def _made_by(result: Result) -> tuple[object, ...]:
    return (result.software, result.weights_sha256, result.runner_sha256, result.harness_version)


def _made_on(cell: Cell) -> tuple[object, ...]:
    host = cell.execution.host.id if cell.execution else None
    return (host, hardware_name(cell.result), observed(cell, "gpu"))


def _supply(parts: list[CpuSupply | None]) -> CpuSupply | None:
    """Return what all shards had of the CPUs: periods summed, the tightest quota, and the most that was stolen."""
    known = [part for part in parts if part]
    if len(known) < len(parts):
        return None
    return CpuSupply(
        quota_cpus=min((part.quota_cpus for part in known if part.quota_cpus is not None), default=None),
        periods=_sum([part.periods for part in known]),
        throttled_periods=_sum([part.throttled_periods for part in known]),
        throttled_ms=_sum([part.throttled_ms for part in known]),
        steal_cpus=max((part.steal_cpus for part in known if part.steal_cpus is not None), default=None),
        missing_reason=next((part.missing_reason for part in known if part.missing_reason), None),
    )


def _sum(values: list[N | None]) -> N | None:
    """Return the sum, None where one of the values is unknown."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(values) else None


def _detections(passes: list[Detections]) -> Detections:
    """Return the sums over the shards; every shard warmed up its model, the first batch is the first shard's."""
    return replace(
        passes[0],
        images=sum(each.images for each in passes),
        boxes=sum(each.boxes for each in passes),
        resumed_images=sum(each.resumed_images for each in passes),
        bad_images=[bad for each in passes for bad in each.bad_images],
        load_ms=sum(each.load_ms for each in passes),
        wall_ms=sum(each.wall_ms for each in passes),
        decode_ms=sum(each.decode_ms for each in passes),
        waited_ms=sum(each.waited_ms for each in passes),
        transfer_ms=sum(each.transfer_ms for each in passes),
        forward_ms=sum(each.forward_ms for each in passes),
        encode_ms=sum(each.encode_ms for each in passes),
        other_load_cpus=_most([each.other_load_cpus for each in passes]),
        turned_images=_sum([each.turned_images for each in passes]),
    )


def _most(values: list[N | None]) -> N | None:
    """Return the largest value, None where one of them is unknown."""
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def _memory(parts: list[Memory]) -> Memory | None:
    return max(parts, key=lambda part: part.rss_peak_bytes) if parts else None


def _execution(job: Job, parts: list[Execution]) -> Execution:
    """Return what was seen of the shards as of one execution."""
    return replace(
        parts[0],
        cell=job.cell,
        wall_seconds=sum(part.wall_seconds for part in parts),
        container_id=None,
        pinned=all(part.pinned for part in parts),
        deviations=list(dict.fromkeys(deviation for part in parts for deviation in part.deviations)),
    )


def _copy(files: list[Path], whole: Path) -> None:
    from harness.scoring.passes import rows_of  # only now: a latency need not wait for what scores detections

    whole.unlink(missing_ok=True)  # of an earlier join
    try:
        with rows.writing(whole, "joined") as writer:
            for file in files:
                source = rows_of(file)
                while block := list(islice(source, BLOCK)):
                    writer.append(block)
    except sqlite3.Error as error:
        remedy = MAKE_ROOM if "disk is full" in str(error) else ""
        raise StorageError(f"the shards can't be joined in {whole}: {error}", remedy) from error
