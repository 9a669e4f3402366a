"""The loop of the numbers published in 2021, written anew from its description, and the runner's beside it, in turns.

As published: an array of random int64 for each iteration, made outside what is timed and passed through
convert_image_dtype; one call of the model with one 4-D tensor; a pair of CUDA events around it, then
torch.cuda.synchronize(), and no wait before the first event.
"""

from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import torch
from torchvision.transforms.functional import convert_image_dtype

from runner import inputs, latency, models
from runner.contract import Job
from tests.gpu.jobs import latency as latency_job
from tests.gpu.ratio import Ratio, compared

#: Iterations before the first round: the published 50 were for the clocks, which here have warmed up by then.
WARM_UP = 5


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
