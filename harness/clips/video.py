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
#: How long a frame lasts, in seconds, where nobody says; and the most frames a second that every encoder takes.
FRAME_S, MOST_RATE = 0.04, 240
NO_FRAMES = "it has no frames"
ENCODERS = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "20"}),
    "av1": ("libsvtav1", {"preset": "8", "crf": "30"}),
}


@dataclass(frozen=True)
class VideoFrame:
    """A frame, upright, the second of the video at which it is shown, from 0 on, and how long one lasts.

    A frame is shown until the next; the last, which has none, for `lasts` seconds.
    """

    seconds: float
    pixels: Pixels
    lasts: float = FRAME_S


class Video:
    """A file that can be decoded.

    `broke_off` is why no more frames came, once they were read; None where the file ended as it should.
    """

    def __init__(self, path: Path):
        self.path, self.name = path, path.name
        self.broke_off: str | None = None

    @cached_property
    def most(self) -> int:
        """How many frames the file says that it has, undecoded. Raises BadInput where it has none, or is no video."""
        av = needed("av")
        try:
            with av.open(str(self.path)) as container:
                count = sum(1 for packet in container.demux(self._stream(container)) if packet.size)
        except av.FFmpegError as error:
            raise _no_video(self.path, error.strerror or str(error)) from error
        if count == 0:
            raise _no_video(self.path, NO_FRAMES)
        return count

    def _stream(self, container: Any) -> Any:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            raise _no_video(self.path, "it has no pictures")
        return stream

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames in the order in which they are shown, of the first one's size, each pixel a square.

        Raises BadInput where there is none.
        """
        av = needed("av")
        count, first, size = 0, 0.0, (0, 0)
        try:
            with av.open(str(self.path)) as container:
                stream = self._stream(container)
                stream.thread_type = "AUTO"
                lasts = 1 / float(stream.average_rate) if stream.average_rate else FRAME_S
                wide = stream.sample_aspect_ratio or 1
                for frame in container.decode(stream):
                    seconds = float(frame.time) if frame.time is not None else count * lasts
                    first, size = (first, size) if count else (seconds, (round(frame.width * wide), frame.height))
                    count += 1
                    yield VideoFrame(max(seconds - first, 0.0), _upright(frame, *size), lasts)
        except av.FFmpegError as error:
            self.broke_off = error.strerror or str(error)
        if count == 0:
            raise _no_video(self.path, self.broke_off or NO_FRAMES)


def _no_video(path: Path, reason: str) -> BadInput:
    return BadInput(f"{path} is no video that can be played: {reason}", "name a video or a folder of pictures")


def _upright(frame: Any, width: int, height: int) -> Pixels:
    """Return a frame's pixels turned as the file says; its angle is counterclockwise, a multiple of 90 degrees.

    The size is that of a frame before it is turned.
    """
    # By itself FFmpeg starts a thread a CPU for every frame, which takes longer, and time from what detects.
    pixels: Pixels = frame.to_ndarray(format="rgb24", width=width, height=height, threads=1)
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
    """Takes frames in their order. The first says the size; odd sides are made even by their last row or column.

    A time that does not come after the one before, as broken files have them, is made to.
    """

    def __init__(self, path: Path, codec: Codec):
        self._av = needed("av")
        self._path, self._codec = path, codec
        self._container: Any = None
        self._stream: Any = None
        self._ticks = -1

    def add(self, frame: VideoFrame) -> None:
        """Encode a frame; its size has to be the first one's. Raises OSError where the disk does not take it."""
        if self._container is None:
            self._begin(frame)
        self._ticks = max(round(frame.seconds * TICKS), self._ticks + 1)
        picture = self._av.VideoFrame.from_ndarray(_even(frame.pixels), format="rgb24")
        picture.pts, picture.time_base = self._ticks, Fraction(1, TICKS)
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

    def _begin(self, first: VideoFrame) -> None:
        name, options = ENCODERS[self._codec]
        height, width = first.pixels.shape[:2]
        # Frames have their own times: by the rate, the last alone is as long as it is.
        rate = min(Fraction(1 / first.lasts).limit_denominator(TICKS), Fraction(MOST_RATE))
        # faststart: the index comes first, so that a browser plays before it has the whole file.
        self._container = self._av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(name, rate=rate, options=options)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS)


def _even(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else pixels
