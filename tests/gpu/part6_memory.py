"""Memory as torch and as NVML count it, and that running out of it ends one cell and touches no other."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pynvml
import pytest
import torch

from runner.contract import Job, Memory, Result
from tests.gpu import jobs
from tests.gpu.conftest import Seen
from tests.gpu.runs import Runs
from tests.gpu.sizes import GIB, sizes
from tests.gpu.watching import device, watched

#: What a process has beside torch's own, CUDA's context and the code that was loaded: half a GiB to one, at most this.
CONTEXT_BYTES = 3 * GIB
#: NVML counts in pages, and other processes of the driver come and go.
PAGES_BYTES = 64 << 20
#: The driver frees what a process had some time after its end.
FREED_S = 10.0
BYTES_A_PARAMETER = 4
#: torch takes memory from the driver in blocks of at least so much.
BLOCK_BYTES = 2 << 20


@dataclass(frozen=True)
class Counted:
    """A cell's memory, as torch counts it, and how far NVML's count rose with it and lay above at last, in bytes."""

    torch: Memory
    rise: int
    left: int


@pytest.fixture(scope="module")
def gpu() -> Iterator[Any]:
    with device() as handle:
        yield handle


def used_bytes(gpu: Any) -> int:
    return int(pynvml.nvmlDeviceGetMemoryInfo(gpu).used)


def crowded_job(name: str) -> Job:
    """Return the job that detects in all photographs, or as many as were asked for, at once."""
    paths = jobs.photographs()[: sizes().crowd]
    return jobs.detection_pass(name, sizes().filling, jobs.RANDOM, "cuda", paths, batch=len(paths))


def memory_of(result: Result) -> Memory:
    memory = result.memory
    assert memory is not None, f"{result.job.cell}: an `ok` result without memory"
    return memory


@pytest.fixture(scope="module")
def counted(gpu: Any, runs: Runs) -> Counted:
    before = used_bytes(gpu)
    with watched(lambda: used_bytes(gpu)) as answers:
        memory = memory_of(runs.measured(replace(jobs.latency(sizes().watched, sizes().quick), cell="memory")))
    patience = time.monotonic() + FREED_S
    while used_bytes(gpu) > before + PAGES_BYTES and time.monotonic() < patience:
        time.sleep(0.1)
    return Counted(memory, max(used for _, used in answers) - before, used_bytes(gpu) - before)


def test_torch_and_nvml_count_the_same(counted: Counted, seen: Seen) -> None:
    allocated, reserved = counted.torch.cuda_allocated_peak_bytes or 0, counted.torch.cuda_reserved_peak_bytes or 0
    seen("allocated, reserved, NVML's rise", f"{_mib(allocated)}, {_mib(reserved)}, {_mib(counted.rise)}")
    weights = BYTES_A_PARAMETER * jobs.catalogue()[sizes().watched]["parameters"]
    counts = f"the weights are {_mib(weights)}, allocated {_mib(allocated)}, reserved {_mib(reserved)}"
    assert weights <= allocated <= reserved, f"{counts}, expected in this order"
    low, high = reserved - PAGES_BYTES, reserved + CONTEXT_BYTES
    assert low <= counted.rise <= high, f"{counts}, and NVML's count rose by {_mib(counted.rise)}"


def test_what_a_cell_had_is_freed_at_its_end(counted: Counted, seen: Seen) -> None:
    left = _mib(counted.left)
    seen("left", left)
    assert counted.left <= PAGES_BYTES, f"{left} of the cell are in use {FREED_S:.0f} s after its end"


def test_out_of_memory_ends_that_cell_and_the_next_is_fresh(gpu: Any, runs: Runs, seen: Seen) -> None:
    held, left = fill(sizes().left_bytes), _mib(sizes().left_bytes)
    try:
        crowded = runs.result(crowded_job("crowded"))
    finally:
        held.clear()
        torch.cuda.empty_cache()
    failure = crowded.failure
    seen("crowded", f"{crowded.status}: {failure}")
    assert failure is not None, f"{left} were left, and the cell is {crowded.status}"
    assert crowded.status == "out_of_memory", f"{left} were left, and the cell is {crowded.status}: {failure.message}"
    assert failure.cause == "infrastructure", f"the {failure.cause} is blamed for what others hold"
    fresh = memory_of(runs.measured(crowded_job("fresh"))).cuda_allocated_peak_bytes or 0
    seen("fresh", _mib(fresh))
    assert fresh > sizes().left_bytes, f"the cell takes {_mib(fresh)}, so {left} should have been enough for it"


def fill(left_bytes: int) -> list[torch.Tensor]:
    """Take all memory of the GPU but so much, in pieces that are given back once they are dropped."""
    held = []
    while (free := torch.cuda.mem_get_info()[0] - left_bytes) >= BLOCK_BYTES:
        held.append(torch.empty(min(free, GIB), dtype=torch.uint8, device="cuda"))
    return held


def _mib(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"
