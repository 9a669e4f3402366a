"""What looks again and again while something else waits."""

import threading
from typing import Self


class Looker(threading.Thread):
    """Looks every so many seconds, in a thread of its own, while its block runs; what it looks at, `look` says."""

    def __init__(self, interval_s: float):
        super().__init__(daemon=True)
        self._interval_s = interval_s
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join()

    def look(self) -> bool:
        """Look once, and return whether to look again."""
        raise NotImplementedError

    def run(self) -> None:
        """Look until the block ends, or there is nothing more to see."""
        while not self._ended.wait(self._interval_s) and self.look():
            pass
