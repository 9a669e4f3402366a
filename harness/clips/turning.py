"""How a frame stands: a file may ask for it to be turned, or shown as in a mirror."""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stance:
    """What is done to a frame, in this order: rows and columns change places, and either is read backwards."""

    turned: bool
    down: bool
    across: bool

    def seen(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a frame's pixels as they are to be seen."""
        pixels = pixels.swapaxes(0, 1) if self.turned else pixels
        return np.ascontiguousarray(pixels[:: -1 if self.down else 1, :: -1 if self.across else 1])

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of what is seen of a frame of that size; and the other way round."""
        return (height, width) if self.turned else (width, height)


def stance_of(frame: Any) -> Stance:
    """Return how PyAV's frame is to be seen.

    The file has a matrix (ISO 14496-12, 8.3.2.3), by which x of what is seen is ax + cy, and y is bx + dy.
    """
    a, b, c, d = _matrix(frame)
    turned = abs(b) > abs(a)
    across, down = (c, b) if turned else (a, d)
    return Stance(turned, down < 0, across < 0)


def _matrix(frame: Any) -> tuple[float, float, float, float]:
    try:
        said = next((each for each in frame.side_data if each.type.name == "DISPLAYMATRIX"), None)
    except ValueError:  # it has something that PyAV knows no name of: the angle alone is left, counterclockwise
        turn = radians(frame.rotation)
        return cos(turn), -sin(turn), sin(turn), cos(turn)
    if said is None:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = np.frombuffer(bytes(said), np.int32).tolist()
    return a, b, c, d
