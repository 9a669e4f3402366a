"""How many instructions the threads of this process executed, where the kernel counts them (perf_event_open(2)).

They are what a call computes, whatever else the machine does: other work changes their number far less than any time.
"""

import ctypes
import errno
import os
import platform
import struct
from functools import cache
from typing import NamedTuple, Optional, Tuple

#: The number of the system call, which the C library has no function for.
CALLS = {"x86_64": 298, "aarch64": 241}
#: Of threads that are started later, too; of what runs outside the kernel, which anybody may count of their own.
INHERIT, EXCLUDE_KERNEL, EXCLUDE_HYPERVISOR = 1 << 1, 1 << 5, 1 << 6
#: For how long an event was wanted, and counted, follow its count.
READ_TIMES = 1 << 0 | 1 << 1
CLOSE_ON_EXEC = 1 << 3
NO_COUNTER = "the machine has no counter of instructions that the kernel can use, as most virtual ones"
REFUSED = "the kernel lets nobody count here (perf_event_paranoid, or what a container forbids)"
NO_CALL = "the kernel counts no events (perf_event_open)"
IN_PART = "the counter was shared with others, and counted only for a part of the time"
REASONS = {errno.EACCES: REFUSED, errno.EPERM: REFUSED, errno.ENOSYS: NO_CALL}


class Event(NamedTuple):
    """A kind of event and its number there, as linux/perf_event.h has them."""

    kind: int
    config: int


#: The second, of nanoseconds on CPUs, is counted by the kernel itself, wherever it counts at all.
INSTRUCTIONS, TASK_CLOCK = Event(0, 1), Event(1, 1)


class _Attributes(ctypes.Structure):
    """The first version of perf_event_attr, which every kernel takes."""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("type", "size")),
        *((name, ctypes.c_uint64) for name in ("config", "sample_period", "sample_type", "read_format", "flags")),
        *((name, ctypes.c_uint32) for name in ("wakeup_events", "bp_type")),
        ("bp_addr", ctypes.c_uint64),
    ]


class KernelCounter:
    """Counts the event from its making on: in the thread that makes it, and those that this one and its own start."""

    def __init__(self, event: Event = INSTRUCTIONS) -> None:
        self._file, self._reason = _opened(event)

    def read(self) -> int:
        """Return the count so far, of all threads; 0 where nothing is counted."""
        return 0 if self._file is None else self._counts()[0]

    @property
    def missing_reason(self) -> Optional[str]:
        """Why what was read is no count, None where it is one."""
        if self._file is None:
            return self._reason
        _, wanted, counted = self._counts()
        return IN_PART if counted < wanted else None

    def _counts(self) -> Tuple[int, int, int]:
        return struct.unpack("=QQQ", os.read(self._file, 24))  # type: ignore[arg-type]


@cache
def counter() -> KernelCounter:
    """Return the counter of this process, made when it is first asked for: before other threads are started."""
    return KernelCounter()


def _opened(event: Event) -> Tuple[Optional[int], Optional[str]]:
    """Return the descriptor of the counter, or why there is none."""
    call = CALLS.get(platform.machine())
    if call is None or platform.system() != "Linux":
        return None, f"not known how to count on {platform.system()} {platform.machine()}"
    attributes = _Attributes(
        type=event.kind,
        size=ctypes.sizeof(_Attributes),
        config=event.config,
        read_format=READ_TIMES,
        flags=INHERIT | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR,
    )
    library = ctypes.CDLL(None, use_errno=True)
    this_thread, any_cpu, no_group, flags = map(ctypes.c_long, (0, -1, -1, CLOSE_ON_EXEC))
    file = library.syscall(call, ctypes.byref(attributes), this_thread, any_cpu, no_group, flags)
    return (None, REASONS.get(ctypes.get_errno(), NO_COUNTER)) if file < 0 else (file, None)
