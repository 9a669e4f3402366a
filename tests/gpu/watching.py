"""NVML asked again and again while something runs: a thread beside it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pynvml

from runner import nvml, used_gpu
from runner.contract import pseudonym

#: Often enough to see what lasts a tenth of a second.
INTERVAL_S = 0.05


@contextmanager
def device() -> Iterator[Any]:
    """Yield NVML's handle of the GPU that computes, which CUDA itself names; NVML is started and ended."""
    used, (found, _) = used_gpu.observe(), nvml.listed()
    uuid = next((each.uuid for each in found if used and each.uuid and pseudonym(each.uuid) == used.uuid), None)
    pynvml.nvmlInit()
    try:
        yield pynvml.nvmlDeviceGetHandleByUUID(uuid) if uuid else pynvml.nvmlDeviceGetHandleByIndex(0)
    finally:
        pynvml.nvmlShutdown()


@contextmanager
def watched(ask: Callable[[], Any]) -> Iterator[list[tuple[float, Any]]]:
    """Ask until the context ends; yields the answers so far, each with its time in seconds from the beginning on."""
    answers: list[tuple[float, Any]] = []
    ended, began = threading.Event(), time.monotonic()

    def go_on() -> None:
        while not ended.wait(INTERVAL_S):
            answers.append((time.monotonic() - began, ask()))

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()
