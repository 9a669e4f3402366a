"""What it costs to keep what happens to each picture: in a detection pass, and in a sample of a latency."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from benchmarks.jobs import loop_job
from benchmarks.overhead import BLOCK, block_us, no_progress, null_model, still
from benchmarks.rows import Sides, Skipped
from benchmarks.turns import take_turns

PAIRS = 60
#: Pictures of a pass, which takes half a second.
IMAGES = 20
#: What keeping the content of a sample may cost.
ALLOWED_US = 5.0


def measure_pass() -> Sides:
    """Return the ms of a detection pass of SSDlite320, beside one that records nothing of what the model does."""
    _require_torch()
    from runner import detection

    task = _pass_task()
    blind = mock.patch.object(detection, "Witness", _Blind)
    note = f"{IMAGES} JPEG pictures of shapes, one thread"
    return take_turns(PAIRS, lambda: _pass_ms(task), lambda: _pass_ms(task, blind), note)


def measure_sample() -> Sides:
    """Return the µs of an iteration of the loop on a null model, beside one that keeps no content, and 5 µs."""
    _require_torch()
    import torch

    from runner import latency

    source, job = still(), loop_job("quick-1", BLOCK)
    stopwatch = latency.stopwatch(torch.device("cpu"), synchronise_before=True)

    def block() -> None:
        latency.measure(null_model, source, stopwatch, job, no_progress)

    def without() -> float:
        with mock.patch.object(latency, "_describe", lambda *_: None):
            return block_us(block) + ALLOWED_US

    return take_turns(PAIRS, lambda: block_us(block), without, f"blocks of {BLOCK} iterations, and {ALLOWED_US:g} µs")


def _require_torch() -> None:
    if find_spec("torch") is None or find_spec("torchvision") is None:
        raise Skipped("this interpreter has no torch and torchvision; install them with: make setup")


class _Blind:
    """Stands in for what watches the model of a pass, and sees nothing."""

    def __init__(self, model: Callable[..., Any]):
        pass

    def __enter__(self) -> "_Blind":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def take(self, n: int) -> list[Any]:
        from runner.contract.rows import UNSEEN

        return [UNSEEN] * n


def _pass_task() -> Any:
    import torch

    from benchmarks import detecting
    from harness.data import coco, shapes

    torch.set_num_threads(1)
    folder = shapes.bundled()
    annotations = coco.read(folder / "annotations" / "instances.json")
    annotations = annotations.of(list(annotations.pictures)[:IMAGES])
    return detecting.pass_task(detecting.trained(), annotations, folder / "images")


def _pass_ms(task: Any, around: AbstractContextManager[Any] | None = None) -> float:
    import torch

    from runner import detection

    with TemporaryDirectory() as name, around or nullcontext(), torch.no_grad():
        return float(detection.detect(task, Path(name), 0.0, no_progress).wall_ms)
