"""Holding interruptions back while something is started that has to be known before it can be ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: What ends a command, as cli.py has it.
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block has ended; then they raise KeyboardInterrupt.

    Python handles signals in its main thread alone, so in any other there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {each: signal.signal(each, lambda number, frame: received.append(number)) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        if received:
            raise KeyboardInterrupt
