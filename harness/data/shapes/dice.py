"""Random choices that are the same on every machine and with every NumPy.

NumPy promises the raw stream of PCG64, but not how its Generator turns that into numbers (NEP 19), so it is done here.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Colour = tuple[float, float, float]


class Dice:
    """The choices for one picture of one set."""

    def __init__(self, seed: int, number: int):
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, number]))

    def uniform(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * float(self.uniforms(1)[0])

    def uniforms(self, *shape: int) -> NDArray[np.float64]:
        """Return an array of numbers in [0, 1): the upper 53 bits of each draw."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        return (raw >> np.uint64(11)).astype(np.float64).reshape(shape) * 2.0**-53

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of the choices, each as likely as the others."""
        return choices[int(self.uniform(0, len(choices)))]

    def colour(self, unlike: Colour | None = None) -> Colour:
        """Return red, green and blue in 0..255, well apart from the other colour."""
        while True:
            red, green, blue = (255 * float(value) for value in self.uniforms(3))
            if unlike is None or abs(red - unlike[0]) + abs(green - unlike[1]) + abs(blue - unlike[2]) > 150:
                return red, green, blue
