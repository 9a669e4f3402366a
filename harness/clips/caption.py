"""What a frame says at its top: what detects, how long it took in this frame, and on average."""

import re
from collections import deque
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from harness.clips.video import Pixels

#: The mean is over so many frames, as in the videos published in 2021.
MEAN_OVER = 100
#: Height of the letters as a share of a frame's height, and the room around a line in pixels.
LETTERS, MARGIN = 1 / 22, 4
#: The size of the smallest letters, in pixels.
SMALLEST = 6
SHADE, WHITE = 0.35, 255
#: What is drawn once: from frame to frame a caption changes its digits alone.
PIECES = re.compile(r"\d|\D+")
#: How much of a pixel letters cover, 0 to 1: (height, width).
Opacity = NDArray[np.float32]


class Caption:
    """Writes the caption on frame after frame. `title` says what detects."""

    def __init__(self, title: str):
        self._title, self._line = title, Lettering()
        self._times: deque[float] = deque(maxlen=MEAN_OVER)

    def text(self, ms: float) -> str:
        """Return the caption of the next frame, whose inference took `ms`."""
        self._times.append(ms)
        mean = sum(self._times) / len(self._times)
        return f"{self._title}  {ms:.1f} ms  mean of {len(self._times)}: {mean:.1f} ms"

    def write(self, pixels: Pixels, ms: float) -> Pixels:
        """Return the frame with its caption on a dark strip at its top."""
        return self._line.write(pixels, self.text(ms), pixels.shape[0] * LETTERS)


def strip(height: int) -> int:
    """Return how many rows a line takes in frames of that height."""
    return round(height * LETTERS) + 2 * MARGIN


class Lettering:
    """Writes a line of text on frame after frame, in smaller letters where it would not fit, and then in these."""

    def __init__(self) -> None:
        self._size: int | None = None

    def write(self, pixels: Pixels, text: str, letters: float) -> Pixels:
        """Return pixels with the text on a dark strip at their top, in letters of that height or smaller ones."""
        room, height = max(pixels.shape[1] - 2 * MARGIN, 0), round(letters) + 2 * MARGIN
        size = self._size or round(letters)
        words = _words(text, size, height)
        while words.shape[1] > room and size > SMALLEST:
            size -= 1
            words = _words(text, size, height)
        self._size, words = size, words[:, :room]
        shaded = pixels[:height] * np.float32(SHADE)
        written = shaded[:, MARGIN : MARGIN + words.shape[1]]
        written += (WHITE - written) * words[: len(shaded), :, None]
        return np.concatenate([shaded.astype(np.uint8), pixels[height:]])


def _words(text: str, size: int, height: int) -> Opacity:
    return np.concatenate([_piece(piece, size, height) for piece in PIECES.findall(text)], axis=1)


@lru_cache(maxsize=256)
def _piece(piece: str, size: int, height: int) -> Opacity:
    """Return a digit, or what stands between digits: (height, advance)."""
    font = _font(size)
    drawn = Image.new("L", (max(round(font.getlength(piece)), 1), height))
    ImageDraw.Draw(drawn).text((0, height / 2), piece, fill=255, font=font, anchor="lm")
    return np.asarray(drawn, np.float32) / np.float32(WHITE)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(size, SMALLEST))
