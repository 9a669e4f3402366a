"""Pairs of one iteration each: the runner's measuring loop and a plain loop, in turns, in one process.

python -m benchmarks.loops OUT SECONDS; in a container it stands in place of the runner's own __main__. Reads
OUT/job.json and writes OUT/pairs.json. Runs wherever the runner does: Python 3.9 syntax, torch 1.9.0 to newest.

One torch thread: the threads of a parallel region wait for the slowest, so on a busy machine they measure their
neighbours. Within a pair the order is random; the two iterations of a pair are as near in time as they can be.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import torch
from torchvision.transforms.functional import convert_image_dtype

from runner import inputs, latency, models, switches
from runner.contract import Job
from runner.contract.serialise import from_dict

Side = Callable[[], float]

#: Pairs that warm up, and the least that are measured however slow the machine is.
WARMUP, LEAST = 3, 20


def main(out: Path, seconds: float) -> None:
    """Measure pairs for `seconds` and write both sides' latencies in ms."""
    job = from_dict(Job, json.loads((out / "job.json").read_text(encoding="utf-8")))
    switches.set_numerics(replace(job.numerics, threads=1))
    model, _ = models.load(job.model, None)
    source = inputs.open_source(job, None, torch.device("cpu"))
    stopwatch = latency.stopwatch(torch.device("cpu"), job.protocol.synchronise_before)

    def ours() -> float:
        samples, _ = latency.measure(model, source, stopwatch, job, _no_progress)
        return samples.wall_ms[0]

    plain = plain_loop(model, job.protocol.input_height, job.protocol.input_width)
    with torch.no_grad():
        ours_ms, reference_ms = take_turns(ours, lambda: next(plain), seconds)
    document = {"torch": str(torch.__version__), "ours_ms": ours_ms, "reference_ms": reference_ms}
    (out / "pairs.json").write_text(json.dumps(document), encoding="utf-8")


def plain_loop(model: Any, height: Any, width: Any) -> Iterator[float]:
    """Yield the latency in ms of each iteration, taken as the published scripts did.

    A fresh random int64 array through convert_image_dtype, outside the timed region; then the wall-clock time
    around model(batch), of a 4-D tensor.
    """
    while True:
        array = numpy.random.randint(0, 256, size=(1, 3, height, width), dtype="int64")
        batch = convert_image_dtype(torch.from_numpy(array), torch.float32)
        start = time.perf_counter()
        model(batch)
        yield (time.perf_counter() - start) * 1000


def take_turns(ours: Side, reference: Side, seconds: float) -> list[list[float]]:
    """Return the figures of both sides, pair by pair, from a random order within each pair."""
    sides: list[list[float]] = [[], []]
    order, turns = random.Random(0), [(ours, sides[0]), (reference, sides[1])]
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(sides[0]) < WARMUP + LEAST:
        order.shuffle(turns)
        for measure, figures in turns:
            figures.append(measure())
    return [figures[WARMUP:] for figures in sides]


def _no_progress(event: str, **fields: object) -> None:
    pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
