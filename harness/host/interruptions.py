"""What ends a command, and holding it back while something is started, or removed, that must not stay behind."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: What ends a command: Ctrl-C, a kill, and a terminal that was closed.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: The exit code of a command that one of them ended, as a shell has it of Ctrl-C.
INTERRUPTED = 130


def end_alike() -> None:
    """Have each of them raise KeyboardInterrupt, so that all clean up; what nohup has had ignored stays ignored."""
    for each in SIGNALS:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, signal.default_int_handler)


@contextmanager
def held_back() -> Iterator[None]:
    """Let what ends a command wait until the block has ended; then it does what it would have done before it.

    The harness's command line has it raise KeyboardInterrupt; who calls it from Python may have them do something
    else. Python handles signals in its main thread alone, so in any other there is nothing to hold back; nor is there
    where a handler is none of Python's, which could not be put back.
    """
    before = {each: signal.getsignal(each) for each in SIGNALS}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield
        return
    received: list[int] = []
    for each in SIGNALS:
        signal.signal(each, lambda number, frame: received.append(number))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)
