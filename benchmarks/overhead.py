"""What an iteration of the measuring loop costs: runner.latency.measure on a model that does nothing.

The reference reads the same clocks around the same model, and keeps nothing.

The source is the runner's own but for the picture, which is always the same one; the job is of quick-1, so the
loop looks at its cap. Progress goes nowhere: it is written four times a second at most.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from statistics import median
from typing import Any
from unittest import mock

from benchmarks.jobs import loop_job
from benchmarks.rows import Sides, Skipped
from benchmarks.turns import take_turns

#: Iterations in a block: enough that reading the clock at its ends weighs nothing.
BLOCK = 1000
PAIRS = 60
#: What an iteration may cost with all its counters.
ALLOWED_US = 30.0


def measure() -> Sides:
    """Return the time of an iteration in µs, block by block."""
    return _beside_a_bare_loop("quick-1")


def measure_watched() -> Sides:
    """Return the same of a series that is measured until its median is known, without its looks, which are noted.

    A look takes milliseconds, lies between two iterations, and comes each time the series is a fifth longer.
    """
    with _timed_looks() as looks_ns:
        sides = _beside_a_bare_loop("standard-1", looks_ns)
    note = f"{sides.note}; without {len(looks_ns)} looks of {median(looks_ns) / 1e6:.1f} ms (median)"
    return replace(sides, note=note)


def measure_absolute() -> Sides:
    """Return the time of an iteration of such a series in µs, beside what one may cost."""
    sides = measure_watched()
    return replace(sides, reference=[ALLOWED_US] * len(sides.ours))


@contextmanager
def _timed_looks() -> Iterator[list[int]]:
    """Have each look of the loop take down what it took, in ns."""
    from runner import watching
    from runner.contract import pilot

    taken: list[int] = []

    def look(*arguments: Any) -> pilot.Standing:
        start = time.perf_counter_ns()
        try:
            return pilot.look(*arguments)
        finally:
            taken.append(time.perf_counter_ns() - start)

    with mock.patch.object(watching, "look", look):
        yield taken


def _beside_a_bare_loop(protocol: str, looks_ns: Sequence[int] = ()) -> Sides:
    if find_spec("torch") is None:
        raise Skipped("this interpreter has no torch; install it with: make setup")
    import torch

    from runner import latency

    source, job, stopwatch = (
        still(),
        loop_job(protocol, BLOCK),
        latency.stopwatch(torch.device("cpu"), synchronise_before=True),
    )
    argument = source.next().argument

    def ours() -> None:
        latency.measure(null_model, source, stopwatch, job, no_progress)

    def reference() -> None:
        for _ in range(BLOCK):
            before = _usage()
            start = time.perf_counter_ns()
            null_model(argument)
            _ = time.perf_counter_ns() - start, before, _usage()

    def ours_us() -> float:
        before = sum(looks_ns)
        return block_us(ours) - (sum(looks_ns) - before) / 1e3 / BLOCK

    return take_turns(PAIRS, ours_us, lambda: block_us(reference), f"blocks of {BLOCK} iterations")


def _usage() -> tuple[int, resource.struct_rusage]:
    return time.process_time_ns(), resource.getrusage(resource.RUSAGE_SELF)


def block_us(block: Callable[[], None]) -> float:
    """Return the µs of an iteration of a block."""
    start = time.perf_counter_ns()
    block()
    return (time.perf_counter_ns() - start) / 1e3 / BLOCK


def null_model(argument: Any) -> list[dict[str, tuple[()]]]:
    """Find nothing, at once."""
    return [{"boxes": ()}]


def no_progress(event: str, **fields: object) -> None:
    """Tell nobody."""


def still() -> Any:
    """Return a source that hands out one small black picture, through all that the runner's sources do."""
    import torch

    from harness.catalogue import protocols
    from runner.contract import Input
    from runner.inputs import Source

    class Still(Source):
        """The same picture, without decoding."""

        def _read(self, name: str) -> tuple[torch.Tensor, Input]:
            return picture

    picture = torch.zeros(3, 8, 8), Input(name="still", height=8, width=8, pixels_sha256="")
    return Still(["still"], protocols()["quick-1"], torch.device("cpu"))
