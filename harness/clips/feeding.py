"""Frames handed over to the passes of a run, one pass after another, so that only a few lie on the disk at any time."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.clips.sources import Footage
from harness.clips.video import Pixels
from harness.errors import BadInput
from runner.contract import arrivals, rows

#: How many frames lie there at most, handed over and not done with: enough for the runner's decoders, and of small ones
#: as many as these bytes, 32 of full HD, so that many are decoded while the runner starts.
WINDOW, WINDOW_BYTES = 16, 200_000_000
#: How often one looks for rows, in seconds: seldom enough to leave the CPU to the model, often enough that a pass, with
#: its frames in hand, goes on meanwhile. So rows come, and are drawn, in pieces.
LOOK_S = 0.06
#: What lies beside the rows of a pass once its process has ended.
RESULT = "result.json"


def picture_name(number: int) -> str:
    """Return the file of a frame, counted from 0."""
    return f"{number:06d}.ppm"


def ppm(pixels: Pixels) -> bytes:
    """Return a picture's file: without loss, and in no time."""
    height, width = pixels.shape[:2]
    return b"P6\n%d %d\n255\n" % (width, height) + pixels.tobytes()


class Feed:
    """Reads a source anew for each pass; `halted` tells whether the frames are still wanted.

    Of a pass that others follow, a frame is dropped once its row is there; the last one's are dropped by whoever draws.
    `moments` are when the frames of the pass that is being fed are shown, and how long, in seconds.
    """

    def __init__(self, source: Footage, frames: Path, halted: Callable[[], bool]):
        self.moments: list[tuple[float, float]] = []
        self._source, self._frames, self._halted = source, frames, halted
        self._most, self._counts = source.most, set[int]()

    def run(self, followed: Iterable["Passed"], drawn: Callable[[], int]) -> None:
        """Hand the frames over to each pass that others follow, and then to the last, ahead of how many are drawn.

        Where a pass ends before it had them all, or the source fails, no other is left waiting.
        """
        whole = False
        try:
            whole = all(map(self._hand_over_to, followed))
            if whole:
                self._hand_over(drawn, self._halted)
        finally:
            if not whole:  # another may have begun, with frames that lay there still, and wait for any of these
                for number in range(len(self.moments) + 1):
                    arrivals.end(self._frames, picture_name(number))

    def changed(self) -> BadInput:
        """Return the error for a source of which one pass saw other frames than another."""
        reason = f"{self._source.name} has changed since the first pass saw it"
        return BadInput(reason, "leave it as it is, and make the demo anew")

    def _hand_over(self, done: Callable[[], int], halted: Callable[[], bool]) -> int:
        """Hand the frames over, a window ahead of how many are `done` with at most. Returns how many those were.

        Raises OSError where the disk does not take one, BadInput where there are more or fewer frames than for the pass
        before, and whatever the source raises.
        """
        count, self.moments = 0, []
        try:
            for frame in self._source.frames():
                window = max(WINDOW, WINDOW_BYTES // frame.pixels.nbytes)
                while count - done() >= window and not halted():
                    time.sleep(LOOK_S)
                if halted():
                    break
                self.moments.append((frame.seconds, frame.lasts))
                arrivals.hand_over(self._frames, picture_name(count), ppm(frame.pixels))
                count += 1
            else:  # nobody was halted before the last: of a file that grows no pass asks for more than there were
                self._counts.add(min(count, self._most))
        finally:
            arrivals.end(self._frames, picture_name(count))
        if len(self._counts) > 1:
            raise self.changed()
        return count

    def _hand_over_to(self, passed: "Passed") -> bool:
        def over() -> bool:
            return self._halted() or passed.is_over

        return passed.awaited(self._hand_over(passed.done, over), over)


class Passed:
    """A pass that others follow. `file` has its rows."""

    def __init__(self, frames: Path, file: Path):
        self._frames, self._file, self._done = frames, file, 0
        self._rows = rows.Followed(file)

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()

    def done(self) -> int:
        """Drop the frames that have a row by now, and return how many that are in all."""
        for _ in self._rows.more():
            self._drop(self._done)
            self._done += 1
        return self._done

    @property
    def is_over(self) -> bool:
        """Whether its process has ended, however that went."""
        return self._file.with_name(RESULT).exists()

    def awaited(self, count: int, over: Callable[[], bool]) -> bool:
        """Wait for the rows of so many frames. Returns whether all came; the frames of others are dropped."""
        while not (ended := over()) and self.done() < count:
            time.sleep(LOOK_S)
        if not ended or self.done() == count:
            return True
        for number in range(self._done, count):
            self._drop(number)
        return False

    def _drop(self, number: int) -> None:
        (self._frames / picture_name(number)).unlink(missing_ok=True)
