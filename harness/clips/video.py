"""Videos, by PyAV: frames out of a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.clips.needs import needed
from harness.clips.turning import Stance, stance_of
from harness.errors import BadInput

#: RGB, uint8 of (height, width, 3).
Pixels = NDArray[np.uint8]
#: By how many seconds a file may end before it says that it does, and be whole: the sound may be longer.
SLACK_S = 0.5
#: The unit of a container's length.
MICROSECOND_S = 1e-6
#: How long a frame lasts, in seconds, where nobody says.
FRAME_S = 0.04
NO_FRAMES = "it has no frames"
#: The transfers of HDR as H.273 numbers them: PQ and HLG.
HDR = (16, 18)
#: The matrix, by H.273, of a frame that names none. It is taken to be BT.709's, as FFmpeg's scaler calls it, from so
#: many rows, or columns, on: FFmpeg takes it for that of SD at any size, players do not.
UNSPECIFIED, MATRIX = 2, "ITU709"
HD_HEIGHT, HD_WIDTH = 720, 1280


@dataclass(frozen=True)
class VideoFrame:
    """A frame, upright, the second of the video at which it is shown, of the first one 0, and how long one lasts.

    A frame is shown until the next; the last, which has none, for `lasts` seconds.
    """

    seconds: float
    pixels: Pixels
    lasts: float = FRAME_S


class Video:
    """A file that can be decoded.

    `broke_off` is why no more frames came, once they were read; None where the file ended as it should. `is_hdr` is
    whether their light is coded for HDR.
    """

    def __init__(self, path: Path):
        self.path, self.name = path, path.name
        self.broke_off: str | None = None
        self.is_hdr = False

    @cached_property
    def most(self) -> int:
        """How many frames the file says that it has, undecoded. Raises BadInput where it has none, or is no video."""
        try:
            with self._opened() as container:
                count = sum(1 for packet in container.demux(self._stream(container)) if packet.size)
        except _broken() as error:
            raise _no_video(self.path, _reason(error)) from error
        if count == 0:
            raise _no_video(self.path, NO_FRAMES)
        return count

    def _opened(self) -> Any:
        # From the root on: FFmpeg takes what comes before a colon for a protocol, and may ask the network. A title that
        # is no UTF-8 is nobody's concern.
        return needed("av").open(str(self.path.absolute()), metadata_errors="replace")

    def _stream(self, container: Any) -> Any:
        cover = needed("av").stream.Disposition.attached_pic  # of a song, say: one picture, as a stream of video
        stream = next((each for each in container.streams.video if cover not in each.disposition), None)
        if stream is None:
            raise _no_video(self.path, "it has no pictures")
        if stream.codec_context is None:
            raise _no_video(self.path, "FFmpeg can't decode what it holds")
        return stream

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames in the order in which they are shown, of the first one's size, each pixel a square.

        Raises BadInput where there is none.
        """
        count, first, size, end = 0, 0.0, (0, 0), 0.0
        try:
            with self._opened() as container:
                stream = self._stream(container)
                stream.thread_type = "AUTO"
                self.is_hdr = stream.codec_context.color_trc in HDR
                lasts = 1 / float(stream.average_rate) if stream.average_rate else FRAME_S
                wide = stream.sample_aspect_ratio or 1
                for frame in container.decode(stream):
                    seconds = float(frame.time) if frame.time is not None else count * lasts
                    stance = stance_of(frame)
                    if count == 0:
                        first, size = seconds, stance.size(max(round(frame.width * wide), 1), frame.height)
                    count += 1
                    # From the first frame on, or from zero, as files do not agree in what they count from.
                    end = max(end, max(seconds, seconds - first) + max(lasts, _length(frame)))
                    yield VideoFrame(seconds - first, _seen(frame, stance, size), lasts)
                self.broke_off = _lack(container, stream, end)
        except _broken() as error:
            self.broke_off = _reason(error)
        if count == 0:
            raise _no_video(self.path, self.broke_off or NO_FRAMES)


def _no_video(path: Path, reason: str) -> BadInput:
    return BadInput(f"{path} is no video that can be played: {reason}", "name a video or a folder of pictures")


def _broken() -> tuple[type[Exception], ...]:
    """Return what PyAV raises at a damaged file; the second where that has a stream too many."""
    return needed("av").FFmpegError, IndexError


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _length(frame: Any) -> float:
    """Return for how many seconds a frame is to be seen, 0 where the file does not say."""
    return float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0


def _lack(container: Any, stream: Any, end: float) -> str | None:
    """Return what a file says of its length, where its pictures end before: FFmpeg is silent of a file that is cut."""
    if stream.duration is not None:
        said = float(stream.duration * stream.time_base)
    else:
        said = (container.duration or 0) * MICROSECOND_S
    if stream.frames and stream.average_rate:  # AVI: what is read as its length follows from where it ends
        said = max(said, stream.frames / float(stream.average_rate))
    return f"it says that it lasts {said:.1f} s, and ends after {end:.1f} s" if said - end > SLACK_S else None


def _seen(frame: Any, stance: Stance, size: tuple[int, int]) -> Pixels:
    """Return a frame's pixels as they are to be seen, of that width and height."""
    width, height = stance.size(*size)
    is_hd = frame.colorspace == UNSPECIFIED and (frame.height >= HD_HEIGHT or frame.width >= HD_WIDTH)
    matrix = {"src_colorspace": MATRIX} if is_hd else {}
    # By itself FFmpeg starts a thread a CPU for every frame, which takes longer, and time from what detects.
    return stance.seen(frame.to_ndarray(format="rgb24", width=width, height=height, threads=1, **matrix))
