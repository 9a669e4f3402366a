"""Events that the kernel counts: time on CPUs, since instructions take a counter that not every machine has."""

import ctypes
import errno
import struct
import threading
import time
from types import SimpleNamespace

import pytest

from runner.instructions import IN_PART, NO_CALL, NO_COUNTER, REFUSED, TASK_CLOCK, KernelCounter

NS = 1_000_000_000


def work() -> None:
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        pass


def test_what_this_thread_and_later_ones_do_is_counted_and_nothing_before() -> None:
    earlier = time.process_time_ns()
    counter = KernelCounter(TASK_CLOCK)
    if counter.missing_reason:
        pytest.skip(counter.missing_reason)
    began, before = time.process_time_ns(), counter.read()
    thread = threading.Thread(target=work)
    thread.start()
    work()
    thread.join()
    counted, used = counter.read() - before, time.process_time_ns() - began
    assert 0.038 * NS <= counted <= 1.1 * used
    assert before < began - earlier + 0.01 * NS
    assert counter.missing_reason is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errno.ENOENT, NO_COUNTER),
        (errno.EOPNOTSUPP, NO_COUNTER),
        (errno.EACCES, REFUSED),
        (errno.EPERM, REFUSED),
        (errno.ENOSYS, NO_CALL),
    ],
)
def test_a_kernel_that_does_not_count_is_a_reason(monkeypatch: pytest.MonkeyPatch, error: int, reason: str) -> None:
    def refuses(*arguments: object) -> int:
        ctypes.set_errno(error)
        return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: SimpleNamespace(syscall=refuses))
    counter = KernelCounter()
    assert (counter.read(), counter.missing_reason) == (0, reason)


def test_an_unknown_machine_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.instructions.platform.machine", lambda: "vax")
    assert KernelCounter().missing_reason == "not known how to count on Linux vax"


@pytest.mark.parametrize(("counted", "reason"), [(50, None), (49, IN_PART)])
def test_a_counter_that_was_shared_is_a_reason(
    monkeypatch: pytest.MonkeyPatch, counted: int, reason: str | None
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: SimpleNamespace(syscall=lambda *arguments: 99))
    monkeypatch.setattr("runner.instructions.os.read", lambda file, n: struct.pack("=QQQ", 7, 50, counted))
    counter = KernelCounter()
    assert (counter.read(), counter.missing_reason) == (7, reason)
