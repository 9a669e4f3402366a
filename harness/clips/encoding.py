"""Frames into an H.264 or AV1 file that browsers play, by PyAV."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from harness.clips.needs import needed
from harness.clips.video import FRAME_S, MATRIX, Pixels, VideoFrame
from harness.documents.files import replacing
from harness.errors import ANOTHER_OUT, BadInput

Codec = Literal["h264", "av1"]
ENCODERS = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "20"}),
    "av1": ("libsvtav1", {"preset": "8", "crf": "30"}),
}
#: Ticks of a second that a frame's time is written in; MPEG's own, which every common frame rate divides.
TICKS = 90_000
#: The most frames a second that every encoder takes, and the longest that a frame is shown, in seconds.
MOST_RATE, LONGEST_S = 240, 3600
#: By how many seconds a time may lie before the one of the former frame without beginning anew.
BACK_S = 1
PIX_FMT = "yuv420p"
#: The colours of every clip as H.273 numbers them: matrix, primaries and transfer; and their range, also as FFmpeg's
#: scaler calls it. Browsers guess those of a clip that does not say, by its size.
BT709, LIMITED, RANGE = 1, 1, "MPEG"


def _encoding() -> ModuleType:
    """Return PyAV, with an SVT-AV1 that does not write to the terminal: what fails is raised."""
    os.environ.setdefault("SVT_LOG", "0")
    return needed("av")


def require_encodable(height: int, width: int, codec: Codec) -> None:
    """Raise BadInput where no clip can have frames of that size."""
    av = _encoding()
    name, options = ENCODERS[codec]
    context = av.CodecContext.create(name, "w")
    context.width, context.height = width + width % 2, height + height % 2
    context.pix_fmt, context.time_base, context.options = PIX_FMT, Fraction(1, TICKS), options
    context.framerate = Fraction(1 / FRAME_S).limit_denominator(TICKS)
    try:
        context.open()
    except av.FFmpegError as error:
        reason = f"a clip in {codec} can't have frames of {width} x {height} pixels"
        raise BadInput(reason, "scale what is shown, or choose another --codec") from error


@contextmanager
def writing(path: Path, codec: Codec = "h264", elsewhere: str = ANOTHER_OUT) -> Iterator["Encoder"]:
    """Give an encoder whose file has its name only once it is whole.

    Raises StorageError where it can't be written, with `elsewhere` as storing has it.
    """
    with replacing(path, elsewhere) as part:
        encoder = Encoder(part, codec)
        try:
            yield encoder
            encoder.close()
        finally:
            encoder.abandon()


class Encoder:
    """Takes frames in their order. The first says the size; odd sides are made even by their last row or column.

    A time that does not come after the one before, as broken files have them, is made to. Where it is far from it, the
    file counts anew, as after a break in a broadcast: the frame follows at once, and the others go on from it.
    """

    def __init__(self, path: Path, codec: Codec):
        self._av = _encoding()
        self._path, self._codec = path, codec
        self._converter = self._av.video.reformatter.VideoReformatter()  # or each frame would have one of its own
        self._container: Any = None
        self._stream: Any = None
        self._ticks, self._shift = -1, 0

    def add(self, frame: VideoFrame) -> None:
        """Encode a frame; its size has to be the first one's. Raises OSError where the disk does not take it."""
        if self._container is None:
            self._begin(frame)
        self._ticks = max(self._told(frame), self._ticks + 1)
        drawn = self._av.VideoFrame.from_numpy_buffer(_even(frame.pixels), format="rgb24")
        picture = self._converter.reformat(
            drawn, format=PIX_FMT, dst_colorspace=MATRIX, dst_color_range=RANGE, threads=1
        )
        picture.pts, picture.time_base = self._ticks, Fraction(1, TICKS)
        self._container.mux(self._stream.encode(picture))

    def _told(self, frame: VideoFrame) -> int:
        """Return a frame's own time, in ticks since the first one's."""
        told = round(frame.seconds * TICKS) + self._shift
        if -BACK_S * TICKS <= told - self._ticks <= LONGEST_S * TICKS:
            return told
        follows = self._ticks + round(min(frame.lasts, LONGEST_S) * TICKS)
        self._shift += follows - told
        return follows

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
        rate = Fraction(1 / min(first.lasts, LONGEST_S)).limit_denominator(TICKS)
        # faststart: the index comes first, so that a browser plays before it has the whole file.
        self._container = self._av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(name, rate=min(rate, Fraction(MOST_RATE)), options=options)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = PIX_FMT
        context = self._stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED


def _even(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else pixels
