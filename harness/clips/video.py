"""Videos, by PyAV: frames out of a file, and frames into an H.264 file that browsers play."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.clips.needs import needed
from harness.documents.files import replacing
from harness.errors import BadInput

#: RGB, uint8 of (height, width, 3).
Pixels = NDArray[np.uint8]
Codec = Literal["h264", "av1"]
#: Ticks of a second that a frame's time is written in; MPEG's own, which every common frame rate divides.
TICKS = 90_000
ENCODERS = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "20"}),
    "av1": ("libsvtav1", {"preset": "8", "crf": "30"}),
}


@dataclass(frozen=True)
class VideoFrame:
    """A frame, upright, and the second of the video at which it is shown, from 0 on."""

    seconds: float
    pixels: Pixels


class Video:
    """A file that can be decoded.

    `broke_off` is why no more frames came, once they were read; None where the file ended as it should.
    """

    def __init__(self, path: Path):
        self.path, self.name = path, path.name
        self.broke_off: str | None = None

    @cached_property
    def most(self) -> int:
        """How many frames the file says that it has, undecoded. Raises BadInput where it is no video."""
        av = needed("av")
        try:
            with av.open(str(self.path)) as container:
                return sum(1 for packet in container.demux(self._stream(container)) if packet.size)
        except av.FFmpegError as error:
            raise _no_video(self.path, error.strerror or str(error)) from error

    def _stream(self, container: Any) -> Any:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise _no_video(self.path, "it has no pictures")
        return stream

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames in the order in which they are shown. Raises BadInput where there is none."""
        av = needed("av")
        count, first = 0, 0.0
        try:
            with av.open(str(self.path)) as container:
                stream = self._stream(container)
                stream.thread_type = "AUTO"
                for frame in container.decode(stream):
                    seconds = _seconds(frame, count, stream.average_rate)
                    first = first if count else seconds
                    count += 1
                    yield VideoFrame(max(seconds - first, 0.0), _upright(frame))
        except av.FFmpegError as error:
            self.broke_off = error.strerror or str(error)
        if count == 0:
            raise _no_video(self.path, self.broke_off or "it has no frames")


def _no_video(path: Path, reason: str) -> BadInput:
    return BadInput(f"{path} is no video that can be played: {reason}", "name a video or a folder of pictures")


def _seconds(frame: Any, count: int, rate: Fraction | None) -> float:
    """Return when a frame is shown: as it says, else by its number at the stream's rate."""
    return float(frame.time) if frame.time is not None else count / float(rate or 25)


def _upright(frame: Any) -> Pixels:
    """Return a frame's pixels turned as the file says; its angle is counterclockwise, a multiple of 90 degrees."""
    pixels: Pixels = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


@contextmanager
def writing(path: Path, codec: Codec = "h264") -> Iterator["Encoder"]:
    """Give an encoder whose file has its name only once it is whole. Raises StorageError where it can't be written."""
    with replacing(path) as part:
        encoder = Encoder(part, codec)
        try:
            yield encoder
            encoder.close()
        finally:
            encoder.abandon()


class Encoder:
    """Takes frames in their order. The first says the size; odd sides are made even by their last row or column."""

    def __init__(self, path: Path, codec: Codec):
        self._av = needed("av")
        self._path, self._codec = path, codec
        self._container: Any = None
        self._stream: Any = None

    def add(self, frame: VideoFrame) -> None:
        """Encode a frame; its size has to be the first one's. Raises OSError where the disk does not take it."""
        if self._container is None:
            self._begin(*frame.pixels.shape[:2])
        pixels = _even(frame.pixels)
        picture = self._av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture.pts, picture.time_base = round(frame.seconds * TICKS), Fraction(1, TICKS)
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Write what is left. Raises ValueError where no frame was added."""
        if self._container is None:
            raise ValueError("a video of no frames")
        self._container.mux(self._stream.encode())
        self._container.close()
        self._container = None

    def abandon(self) -> None:
        """Let go of the file, whatever became of it."""
        if self._container is not None:
            self._container.close()

    def _begin(self, height: int, width: int) -> None:
        name, options = ENCODERS[self._codec]
        # faststart: the index comes first, so that a browser plays before it has the whole file.
        self._container = self._av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(name, options=options)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS)


def _even(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else pixels
