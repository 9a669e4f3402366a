"""What a frame says at its top: what detects, how long it took in this frame, and on average."""

from collections import deque
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from harness.clips.video import Pixels

#: The mean is over so many frames, as in the videos published in 2021.
MEAN_OVER = 100
#: Height of the letters as a share of a frame's height, and the room around a line in pixels.
LETTERS, MARGIN = 1 / 22, 4
SHADE = 0.35


class Caption:
    """Writes the caption on frame after frame. `title` says what detects."""

    def __init__(self, title: str):
        self._title = title
        self._times: deque[float] = deque(maxlen=MEAN_OVER)

    def text(self, ms: float) -> str:
        """Return the caption of the next frame, whose inference took `ms`."""
        self._times.append(ms)
        mean = sum(self._times) / len(self._times)
        return f"{self._title}  {ms:.1f} ms  mean of {len(self._times)}: {mean:.1f} ms"

    def write(self, pixels: Pixels, ms: float) -> Pixels:
        """Return the frame with its caption on a dark strip at its top."""
        return line(pixels, self.text(ms), pixels.shape[0] * LETTERS)


def line(pixels: Pixels, text: str, letters: float) -> Pixels:
    """Return pixels with a line of text on a dark strip at their top, in smaller letters where it would not fit."""
    width = pixels.shape[1]
    font = _font(round(letters))
    if font.getlength(text) > width - 2 * MARGIN:
        font = _font(int(letters * (width - 2 * MARGIN) / font.getlength(text)))
    height = round(letters) + 2 * MARGIN
    strip = Image.fromarray((pixels[:height] * SHADE).astype(np.uint8))
    ImageDraw.Draw(strip).text((MARGIN, strip.height / 2), text, fill="white", font=font, anchor="lm")
    return np.concatenate([np.asarray(strip), pixels[height:]])


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(size, 6))
