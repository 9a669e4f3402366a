"""Every catalogued model on the GPU, and the runner beside a loop that shares nothing with it but the model."""

from collections.abc import Iterator
from concurrent.futures import Future
from statistics import median

import pytest

from runner import compat
from runner.contract import Result
from tests.gpu import jobs
from tests.gpu.conftest import Seen
from tests.gpu.loop import beside
from tests.gpu.runs import Runs
from tests.gpu.sizes import sizes

#: Two clocks are read one after the other, and run apart by a few parts of a hundred thousand.
CLOCKS_MS, CLOCKS_SHARE = 0.05, 1e-3
#: Two correct loops differ by what each does between its events and the model: microseconds. 3 % tells that much in
#: the noise of an interleaved series, and would show a copy, a wait or an input that is part of one time alone.
LOW, HIGH = 0.97, 1.03
BUILDERS = sizes().models or tuple(jobs.catalogue())


@pytest.fixture(scope="module")
def cells(runs: Runs) -> Iterator[dict[str, "Future[Result]"]]:
    """The result of each model that this torchvision has, as they come; what is asked of them are no latencies."""
    wanted = [builder for builder in BUILDERS if compat.has(builder)]
    with runs.together({each: (jobs.latency(each, sizes().quick), jobs.PHOTOGRAPHS) for each in wanted}) as found:
        yield found


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_model_detects_and_is_timed(builder: str, cells: dict[str, "Future[Result]"], seen: Seen) -> None:
    if builder not in cells:
        seen(
            "left out", f"this torchvision has no {builder}, which came with {jobs.catalogue()[builder]['torchvision']}"
        )
        return
    result = cells[builder].result()
    said = result.failure.message if result.failure else ""
    assert result.status == "ok", f"{builder} on cuda: {result.status}, expected ok: {said}"
    assert result.latency is not None
    samples = result.latency.samples
    times = list(zip(samples.device_ms, samples.wall_ms, strict=True))
    assert all(device for device, _ in times), f"{builder}: not every iteration has a device time: {samples.device_ms}"
    seen("device", f"{median(device or 0 for device, _ in times):.2f} ms, the median of {len(times)} iterations")
    seen("detections", f"{sum(samples.detections) / len(samples.detections):.1f} an image")
    assert sum(samples.detections) > 0, f"{builder} detected nothing in {len(samples.detections)} photographs"
    late = [(device, wall) for device, wall in times if device and device > wall * (1 + CLOCKS_SHARE) + CLOCKS_MS]
    assert not late, f"{builder}: the device took longer than the clock on the wall: {late[:3]} (device, wall, in ms)"


@pytest.mark.parametrize("builder", sizes().looped)
def test_the_runner_takes_what_a_plain_loop_takes(builder: str, seen: Seen) -> None:
    found = beside(builder, sizes().rounds, sizes().loop_iterations, sizes().loop_pixels)
    seen("ratio", found)
    verdict = "is" if found.high < LOW or found.low > HIGH else "may be"
    inside = found.low >= LOW and found.high <= HIGH
    assert inside, f"{builder}: the runner's time over the plain loop's {verdict} outside {LOW} to {HIGH}: {found}"
