"""How a frame stands: a file may ask for it to be turned, or shown as in a mirror."""

from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray


def upright(pixels: NDArray[np.uint8], frame: Any) -> NDArray[np.uint8]:
    """Return the pixels of PyAV's frame as its file says that they are to be seen.

    The file has a matrix (ISO 14496-12, 8.3.2.3), by which x of what is seen is ax + cy, and y is bx + dy.
    """
    a, b, c, d = _matrix(frame)
    turned = abs(b) > abs(a)
    across, down = (c, b) if turned else (a, d)
    seen = pixels.swapaxes(0, 1) if turned else pixels
    return np.ascontiguousarray(seen[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


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
