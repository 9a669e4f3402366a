"""Charges time to what is going on: each moment to the innermost of the things that have begun and not ended."""

import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import torch


class Moment(NamedTuple):
    """A reading of the clocks: ns of wall and of CPU time of the process, and the event that was recorded on CUDA."""

    wall_ns: int
    cpu_ns: int
    event: Any = None

    def until(self, later: "Moment") -> "Spent":
        """Return what passed from here to there."""
        device_ms = None if self.event is None else float(self.event.elapsed_time(later.event))
        return Spent((later.wall_ns - self.wall_ns) / 1e6, (later.cpu_ns - self.cpu_ns) / 1e6, device_ms)


class Spent(NamedTuple):
    """ms of wall time, of CPU time of all threads, and of the device, None on a CPU."""

    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    device_ms: Optional[float] = None

    def plus(self, other: "Spent") -> "Spent":
        """Return both together."""
        devices = [ms for ms in (self.device_ms, other.device_ms) if ms is not None]
        return Spent(self.wall_ms + other.wall_ms, self.cpu_ms + other.cpu_ms, sum(devices) if devices else None)


Clock = Callable[[], Moment]


def clock_of(device: torch.device) -> Clock:
    """Return the clock of a device. On CUDA it waits for queued work, which is then in what has just ended."""
    return _cuda_moment if device.type == "cuda" else _moment


def _moment() -> Moment:
    return Moment(time.perf_counter_ns(), time.process_time_ns())


def _cuda_moment() -> Moment:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    torch.cuda.synchronize()
    return Moment(time.perf_counter_ns(), time.process_time_ns(), event)


class Timeline:
    """Charges time by name; what lies in no `within` is charged to none."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._open: List[str] = []
        self._marks: List[Tuple[Optional[str], Moment]] = []

    @property
    def innermost(self) -> Optional[str]:
        """What is going on now, None where nothing is."""
        return self._open[-1] if self._open else None

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Charge to `name` what goes on in the context, but for what is charged to another inside of it."""
        self._open.append(name)
        self._mark()
        try:
            yield
        finally:
            self._open.pop()
            self._mark()

    def _mark(self) -> None:
        self._marks.append((self.innermost, self._clock()))

    def taken(self) -> Dict[str, Spent]:
        """Return what was charged since the last time that this was asked, by name."""
        spent: Dict[str, Spent] = {}
        for (name, start), (_, end) in zip(self._marks, self._marks[1:]):
            if name is not None:
                spent[name] = spent.get(name, Spent()).plus(start.until(end))
        self._marks = []
        return spent
