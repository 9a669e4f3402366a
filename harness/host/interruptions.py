"""Holding interruptions back while something is started that has to be known before it can be ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: What ends a command, as cli.py has it.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block has ended; then they do what they would have done before it.

    The harness's command line has both raise KeyboardInterrupt; who calls it from Python may have them do something
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
