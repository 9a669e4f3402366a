"""Frames on their way, while a run detects in them: handed over as pictures, and drawn on once their rows are there."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image

from harness.clips.encoding import Codec, writing
from harness.clips.feeding import LOOK_S, Feed, Passed, picture_name
from harness.clips.frames_folder import ANOTHER_TMP
from harness.clips.needs import needed
from harness.clips.sources import Footage
from harness.clips.video import Pixels, VideoFrame
from harness.clips.views import View
from harness.documents.files import replacing, storing
from harness.errors import ANOTHER_RESULTS, HarnessError
from runner.contract import arrivals, rows
from runner.contract.rows import Followed, Row

#: A clip's poster is on pages, in which it is part of the file: its quality, and its longer side at most, in pixels.
POSTER_QUALITY, POSTER_SIDE = 80, 1280
#: Makes the view of frames of a height and a width.
MakeView = Callable[[int, int], View]


def pixels_of(content: bytes) -> Pixels:
    """Return the pixels of such a file."""
    _, size, _, data = content.split(b"\n", 3)
    width, height = map(int, size.split())
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


class Ended(HarnessError):
    """One thread has ended since the other did. It is told only where nothing else went wrong."""

    def __init__(self) -> None:
        super().__init__("the demo was ended", "")


class _PassBrokeOff(Exception):
    """The last pass ended before it had a row for each frame: its clip is none."""


class Staging:
    """Hands a source's frames over and writes the clip, each in a thread of its own, while the block runs.

    `passes` are the files of the passes, in the order of the run, each of which sees all frames; a frame is drawn once
    the last has its row. `out` is the run's own clip. What goes wrong in a thread ends the passes, and is raised then.
    """

    def __init__(
        self, source: Footage, frames: Path, passes: list[Path], make_view: MakeView, out: Path, codec: Codec = "h264"
    ):
        self.drawn = 0
        self.view: View | None = None
        self._frames, self._passes = frames, passes
        self._make_view, self._out, self._codec = make_view, out, codec
        self._most = source.most
        self._source = Feed(source, frames, lambda: self._ended)
        self._stopped, self._finished = threading.Event(), threading.Event()
        self._errors: list[Exception] = []
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in (self._feed, self._write)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._finished if kind is None else self._stopped).set()
        for thread in self._threads:
            thread.join()
        for file in self._passes:  # whatever became of the clip, and of a pass whose process was killed
            with suppress(sqlite3.Error):  # who reads the pass is told what is wrong with it
                rows.settle(file)
        if kind is None and self._errors:
            raise next((error for error in self._errors if not isinstance(error, Ended)), self._errors[0])

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # raised again where the block ends
            self._errors.append(error)
            self._stopped.set()

    def _feed(self) -> None:
        *followed, _ = self._passes
        with storing(self._frames, "filled", ANOTHER_TMP), ExitStack() as open_:
            passes = [open_.enter_context(closing(Passed(self._frames, file))) for file in followed]
            self._source.run(passes, lambda: self.drawn)

    @property
    def _ended(self) -> bool:
        return self._stopped.is_set() or self._finished.is_set()

    def _write(self) -> None:
        needed("supervision")  # half a second, while the runner starts
        with ExitStack() as open_:
            passes = [open_.enter_context(closing(Followed(file))) for file in self._passes]
            beside = zip(*map(self._rows, passes), strict=False)
            self._encode(self._frame(number, list(found)) for number, found in enumerate(beside))

    def _encode(self, frames: Iterator[VideoFrame]) -> None:
        first = next(frames, None)
        if first is None:  # the run tells why
            return
        poster = replacing(self._out.with_suffix(".jpg"), ANOTHER_RESULTS)
        clip = writing(self._out, self._codec, ANOTHER_RESULTS)
        with suppress(_PassBrokeOff), poster as picture, clip as encoder:
            small = Image.fromarray(first.pixels)
            small.thumbnail((POSTER_SIDE, POSTER_SIDE))
            small.save(picture, quality=POSTER_QUALITY)
            for frame in chain([first], frames):
                encoder.add(frame)
                self.drawn += 1
            if self.drawn < min(len(self._source.moments), self._most):
                raise _PassBrokeOff  # the run tells why

    def _frame(self, number: int, found: list[Row]) -> VideoFrame:
        name = picture_name(number)
        if next(arrivals.arriving(self._frames, [(number, name)]), None) is None:  # rows of before may be ahead of it
            raise Ended
        if len({row.pixels_sha256 for row in found} - {None}) > 1:
            raise self._source.changed()
        picture = self._frames / name
        pixels = pixels_of(picture.read_bytes())
        self.view = self.view or self._make_view(*pixels.shape[:2])
        seconds, lasts = self._source.moments[number]
        frame = VideoFrame(seconds, self.view.draw(pixels, found), lasts)
        picture.unlink()
        return frame

    def _rows(self, followed: Followed) -> Iterator[Row]:
        """Yield the rows of a pass as they come, until the run has ended and no more are there."""
        while not self._stopped.is_set():
            ended = self._finished.is_set()
            found = followed.more()
            yield from found
            if ended and not found:
                return
            if not found:
                time.sleep(LOOK_S)
        raise Ended
