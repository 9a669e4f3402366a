"""Work that is queued is waited for, none that was queued before is counted, and events tell what the clock does.

The work is a kernel that spins for a number of cycles: it is queued at once, and the GPU busy for as long as one likes.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
import torch

from runner import latency
from runner.latency import Stopwatch
from tests.gpu import jobs
from tests.gpu.conftest import Seen
from tests.gpu.runs import Runs
from tests.gpu.sizes import SSDLITE, sizes

WORK_MS = 60.0
TRIES = 5
#: A spinning kernel takes as long as the clock of the GPU says, which its driver may change by a few percent meanwhile.
SHARE = 0.9
#: What is no work takes microseconds; half of the work in its place was counted by mistake.
NOTHING = 0.5
#: Events and the wall clock tell the same time to microseconds, the launch of a kernel and a wait apart.
EVENTS = 0.95, 1.01


@pytest.fixture(scope="module")
def work() -> Callable[[], None]:
    """What queues a kernel of WORK_MS: so many cycles as the wall clock says."""
    cycles = 10_000_000
    _wall_ms(cycles)  # CUDA starts, and the clocks of the GPU rise
    _wall_ms(10 * cycles)
    cycles = int(cycles * WORK_MS / min(_wall_ms(cycles) for _ in range(5)))  # a busy host only adds to it
    return lambda: torch.cuda._sleep(cycles)


def _wall_ms(cycles: int) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    torch.cuda._sleep(cycles)
    torch.cuda.synchronize()
    return (time.perf_counter() - began) * 1000


def timed(synchronise_before: bool, before: Callable[[], None], model: Callable[[], None]) -> list[tuple[float, float]]:
    """Return (device, wall) in ms of each try of the runner's own stopwatch, at a model that is nothing but `model`."""
    stopwatch: Stopwatch = latency.stopwatch(torch.device("cuda:0"), synchronise_before)
    found = []
    for _ in range(TRIES):
        torch.cuda.synchronize()
        before()
        _, _, wall_ns, device_ms = stopwatch(lambda argument: model(), None)
        found.append((device_ms, wall_ns / 1e6))
    return found


def nothing() -> None:
    """Queue no work."""


def test_work_that_is_still_queued_is_waited_for(work: Callable[[], None], seen: Seen) -> None:
    found = timed(True, nothing, work)
    seen("device and wall, ms", _told(found))
    shortest = min(wall for _, wall in found)
    assert shortest >= SHARE * WORK_MS, f"{WORK_MS} ms of work were queued, and the wall clock tells {shortest:.2f} ms"


def test_work_on_another_stream_is_waited_for_too(work: Callable[[], None], seen: Seen) -> None:
    stream = torch.cuda.Stream()

    def elsewhere() -> None:
        with torch.cuda.stream(stream):
            work()

    found = timed(True, nothing, elsewhere)
    seen("device and wall, ms", _told(found))
    shortest = min(wall for _, wall in found)
    assert shortest >= SHARE * WORK_MS, (
        f"{WORK_MS} ms ran on another stream, and the wall clock tells {shortest:.2f} ms"
    )


def test_work_that_was_queued_before_is_not_counted(work: Callable[[], None], seen: Seen) -> None:
    found = timed(True, work, nothing)
    seen("device and wall, ms", _told(found))
    device, wall = min(found, key=max)
    longest = max(device, wall)
    assert longest < NOTHING * WORK_MS, f"nothing was timed after {WORK_MS} ms of work, and took {longest:.2f} ms"


def test_the_published_recipe_counts_it_on_the_wall_and_not_between_its_events(
    work: Callable[[], None], seen: Seen
) -> None:
    found = timed(False, work, nothing)
    seen("device and wall, ms", _told(found))
    device, wall = min(device for device, _ in found), min(wall for _, wall in found)
    assert wall >= SHARE * WORK_MS, f"nobody waited for {WORK_MS} ms of work, and the wall clock tells {wall:.2f} ms"
    assert device < NOTHING * WORK_MS, f"events around nothing are {device:.2f} ms apart, after {WORK_MS} ms of work"


def test_events_tell_what_the_clock_on_the_wall_tells(work: Callable[[], None], seen: Seen) -> None:
    found = timed(True, nothing, work)
    shares = [device / wall for device, wall in found]
    seen("device over wall", [round(share, 4) for share in shares])
    least, most = EVENTS
    assert max(shares) >= least, f"events tell {max(shares):.3f} of the wall clock at best, expected {least} or more"
    assert max(shares) <= most, f"events tell {max(shares):.3f} of the wall clock, expected {most} at most"


def test_the_first_inference_stands_apart(runs: Runs, seen: Seen) -> None:
    found = runs.measured(jobs.latency(SSDLITE, sizes().quick)).latency
    assert found is not None
    phases, walls = found.samples.phase, found.samples.wall_ms
    measured = [wall for wall, phase in zip(walls, phases, strict=True) if phase == "measured"]
    seen("first and median, ms", f"{walls[0]:.1f}, {median(measured):.1f}")
    assert phases[0] == "warmup", f"the first inference is {phases[0]}, expected warmup"
    assert walls[0] > median(measured), (
        f"the first took {walls[0]:.2f} ms, no more than the median {median(measured):.2f}"
    )


def _told(found: list[tuple[float, Any]]) -> str:
    return ", ".join(f"{device:.2f} of {wall:.2f}" for device, wall in found)
