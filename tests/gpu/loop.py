"""The loop of the numbers published in 2021, written anew from its description, and the runner's beside it, in turns.

As published: an array of random int64 for each iteration, made outside what is timed and passed through
convert_image_dtype; one call of the model with one 4-D tensor; a pair of CUDA events around it, then
torch.cuda.synchronize(), and no wait before the first event.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import mean, median, stdev
from typing import Any

import numpy as np
import torch
from torchvision.transforms.functional import convert_image_dtype

from runner import inputs, latency, models
from runner.contract import Job
from tests.gpu.jobs import latency as latency_job

#: Iterations before the first round: the published 50 were for the clocks, which here have warmed up by then.
WARM_UP = 5
#: Student's t, two-sided, 95 %, by degrees of freedom: https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
T_95 = {1: 12.706, 5: 2.571, 7: 2.365, 9: 2.262, 11: 2.201, 15: 2.131, 19: 2.093}


@dataclass(frozen=True)
class Ratio:
    """The runner's time over the plain loop's, with its 95 % interval over rounds, and both in ms."""

    ratio: float
    low: float
    high: float
    runner_ms: float
    plain_ms: float

    def __str__(self) -> str:
        interval = f"{self.ratio:.4f} (95 %: {self.low:.4f} to {self.high:.4f})"
        return f"{interval}; the runner {self.runner_ms:.3f} ms, the plain loop {self.plain_ms:.3f} ms"


def plain(model: Callable[[Any], Any], iterations: int, height: int, width: int) -> list[float]:
    """Return what each iteration took on the GPU, in ms."""
    times = []
    for _ in range(iterations):
        array = np.random.randint(0, 256, size=(1, 3, height, width), dtype=np.int64)
        batch = convert_image_dtype(torch.from_numpy(array), torch.float32).to("cuda")
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        with torch.no_grad():
            start.record()
            model(batch)
            end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return times


def beside(builder: str, rounds: int, iterations: int, pixels: tuple[int, int]) -> Ratio:
    """Time a model by both loops in turns, each first in every other round, and compare the medians of each round."""
    job = _job(builder, iterations, pixels)
    model = models.load(job.model, None)[0].to("cuda").eval()
    plain(model, WARM_UP, *pixels)
    pairs = []
    for number in range(rounds):
        loops = [lambda: median(_runner(model, job)), lambda: median(plain(model, iterations, *pixels))]
        order = (0, 1) if number % 2 == 0 else (1, 0)
        found = {which: loops[which]() for which in order}
        pairs.append((found[0], found[1]))
    return compared(pairs)


def compared(pairs: list[tuple[float, float]]) -> Ratio:
    """Return the ratio of paired times: of their logarithms the mean, and its interval by Student's t."""
    logs = [math.log(one / two) for one, two in pairs]
    half = T_95[len(logs) - 1] * stdev(logs) / math.sqrt(len(logs))
    middle = mean(logs)
    low, ratio, high = (math.exp(value) for value in (middle - half, middle, middle + half))
    return Ratio(ratio, low, high, median(one for one, _ in pairs), median(two for _, two in pairs))


def _job(builder: str, iterations: int, pixels: tuple[int, int]) -> Job:
    job = latency_job(builder, iterations, "published-2021")
    return replace(job, protocol=replace(job.protocol, input_height=pixels[0], input_width=pixels[1]))


def _runner(model: Callable[[Any], Any], job: Job) -> list[float]:
    device = torch.device("cuda:0")
    source = inputs.open_source(job, None, device)
    stopwatch = latency.stopwatch(device, job.protocol.synchronise_before)
    with torch.no_grad():
        samples, _ = latency.measure(model, source, stopwatch, job, lambda event, **fields: None)
    return [ms for ms, phase in zip(samples.device_ms, samples.phase, strict=True) if phase == "measured" and ms]
