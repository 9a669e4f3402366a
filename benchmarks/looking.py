"""What looking at stages costs a call of SSDlite320: when it is over, which must be nothing, and while it goes on."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

from benchmarks.rows import Sides, Skipped
from benchmarks.turns import take_turns

PAIRS = 60


def measure_off() -> Sides:
    """Return the ms of a call of a model whose stages were looked at before, beside one that never was."""
    looked_at, plain, argument = _models()
    with _looking(looked_at):
        looked_at(argument)
    return take_turns(PAIRS, _call(looked_at, argument), _call(plain, argument), "one thread, after a look")


def measure_on() -> Sides:
    """Return the ms of a call of a model whose stages are looked at, beside one that never was."""
    looked_at, plain, argument = _models()
    ours = _call(looked_at, argument, lambda: _looking(looked_at))
    return take_turns(PAIRS, ours, _call(plain, argument), "one thread, while it is looked at")


def _models() -> tuple[Any, Any, Any]:
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")
    import torch
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large as build

    torch.set_num_threads(1)
    looked_at, plain = (build(weights=None, weights_backbone=None).eval() for _ in range(2))
    plain.load_state_dict(looked_at.state_dict())
    return looked_at, plain, [torch.rand(3, 480, 640)]


def _looking(model: Any) -> AbstractContextManager[None]:
    import torch

    from runner.staged import charging
    from runner.timeline import Timeline, clock_of

    return charging(model, Timeline(clock_of(torch.device("cpu"))))


def _call(
    model: Any, argument: Any, around: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Callable[[], float]:
    import torch

    def ms() -> float:
        with torch.no_grad(), around():
            start = time.perf_counter_ns()
            model(argument)
            return (time.perf_counter_ns() - start) / 1e6

    return ms
