"""The measuring loop: calls the model until the protocol says stop, and keeps every sample."""

import math
import resource
import time
from dataclasses import replace
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple

import torch

from runner.contract import Job, Samples
from runner.inputs import Frame, Source
from runner.instructions import counter
from runner.own.answers import Check, ShownPicture, trusted
from runner.stopping import Ending, Phase, course_of

Progress = Callable[..., None]
#: Time one call: (model, argument) -> (outputs, start in ns, wall time in ns, device time in ms or None).
Stopwatch = Callable[[Callable[[Any], Any], Any], Tuple[Any, int, int, Any]]

#: A line of progress is written at most this often, so that a fast model is not measured beside its own display.
PROGRESS_INTERVAL_NS = 250_000_000


class _Usage(NamedTuple):
    """What all threads of this process have used so far; microseconds to ask, and outside of what is timed."""

    cpu_ns: int
    voluntary_switches: int
    involuntary_switches: int
    instructions: int


def measure(
    model: Callable[[Any], Any],
    source: Source,
    stopwatch: Stopwatch,
    job: Job,
    progress: Progress,
    check: Check = trusted,
) -> Tuple[Samples, Ending]:
    """Warm up and measure. Returns the samples of both phases, and what ended the measuring.

    The cap counts from the first iteration's start and is looked at between iterations; at least one iteration is
    measured, however long the warm-up took. What the model answers goes through `check` between two measurements.
    """
    samples = Samples([], [], [], [], [], [], [], [])
    usages: List[_Usage] = []
    course = course_of(job, samples)
    origin = reported = now = time.perf_counter_ns()
    end = _after(origin, job.protocol.cap_seconds)
    for phase in course.phases:
        if phase.anew:
            source.restart()
        done, told, wall_ns = 0, 0, 0
        deadline = min(end, _after(now, phase.max_seconds))
        while phase.goes_on(done, now >= deadline):
            wall_ns = _iterate(model, source, stopwatch, samples, usages, phase.name, origin, check)
            now, done = time.perf_counter_ns(), done + 1
            if now - reported >= PROGRESS_INTERVAL_NS:
                reported, told = now, done
                _tell(progress, phase, done, wall_ns)
        if told < done:
            _tell(progress, phase, done, wall_ns)
    return course.finish(_with(usages, samples))


def _after(start_ns: int, seconds: Optional[float]) -> float:
    return math.inf if seconds is None else start_ns + int(seconds * 1e9)


def _tell(progress: Progress, phase: Phase, done: int, wall_ns: int) -> None:
    behind, planned = phase.shown(done)
    progress("iteration", phase=phase.name, done=behind, planned=planned, wall_ms=wall_ns / 1e6)


def _iterate(
    model: Callable[[Any], Any],
    source: Source,
    stopwatch: Stopwatch,
    samples: Samples,
    usages: List[_Usage],
    phase: Any,
    origin: int,
    check: Check,
) -> int:
    frame = source.next()
    before = _usage()
    outputs, start_ns, wall_ns, device_ms = stopwatch(model, frame.argument)
    usages.append(_Usage(*(now - then for now, then in zip(_usage(), before))))
    answers = check(outputs, [ShownPicture(frame.name, frame.height, frame.width)])
    samples.phase.append(phase)
    samples.start_ms.append((start_ns - origin) / 1e6)
    samples.wall_ms.append(wall_ns / 1e6)
    samples.device_ms.append(device_ms)
    _describe(samples, frame, answers)
    return wall_ns


def _describe(samples: Samples, frame: Frame, answers: Sequence[Any]) -> None:
    """Keep what was in the picture: which it was, its size, and how much was detected."""
    samples.image.append(frame.name)
    samples.height.append(frame.height)
    samples.width.append(frame.width)
    samples.detections.append(sum(len(answer["boxes"]) for answer in answers))


def _with(usages: List[_Usage], samples: Samples) -> Samples:
    return replace(
        samples,
        process_cpu_ms=[used.cpu_ns / 1e6 for used in usages],
        voluntary_switches=[used.voluntary_switches for used in usages],
        involuntary_switches=[used.involuntary_switches for used in usages],
        instructions=None if counter().missing_reason else [used.instructions for used in usages],
    )


def _usage() -> _Usage:
    counted = resource.getrusage(resource.RUSAGE_SELF)
    return _Usage(time.process_time_ns(), counted.ru_nvcsw, counted.ru_nivcsw, counter().read())


def stopwatch(device: torch.device, synchronise_before: bool) -> Stopwatch:
    """Return the stopwatch of the device. On CUDA, work that is still queued is waited for at the end, always,
    and at the start where `synchronise_before` holds (the published recipe does not)."""
    return _cuda_stopwatch(synchronise_before) if device.type == "cuda" else _time_on_cpu


def _time_on_cpu(model: Callable[[Any], Any], argument: Any) -> Tuple[Any, int, int, None]:
    start = time.perf_counter_ns()
    outputs = model(argument)
    return outputs, start, time.perf_counter_ns() - start, None


def _cuda_stopwatch(synchronise_before: bool) -> Stopwatch:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def time_on_cuda(model: Callable[[Any], Any], argument: Any) -> Tuple[Any, int, int, float]:
        if synchronise_before:
            torch.cuda.synchronize()
        start = time.perf_counter_ns()
        begin.record()
        outputs = model(argument)
        end.record()
        torch.cuda.synchronize()
        return outputs, start, time.perf_counter_ns() - start, begin.elapsed_time(end)

    return time_on_cuda
