"""Outlines in the picture's coordinates: x to the right and y down, in pixels; pixel i reaches from i to i + 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
#: Left, top, right, bottom.
Bounds = tuple[float, float, float, float]
Array = NDArray[np.float64]

CORNERS_OF_A_CAP = 16


@dataclass(frozen=True)
class Capsule:
    """Everything within `radius` of a line; a circle where the line is a point."""

    start: Point
    end: Point
    radius: float

    def bounds(self) -> Bounds:
        """Return the smallest box around it."""
        left, top, right, bottom = around([self.start, self.end])
        return left - self.radius, top - self.radius, right + self.radius, bottom + self.radius

    def distance(self, x: Array, y: Array) -> Array:
        """Return how far the points are outside, negative inside."""
        along = self.end[0] - self.start[0], self.end[1] - self.start[1]
        x, y = x - self.start[0], y - self.start[1]
        squared = along[0] ** 2 + along[1] ** 2
        if squared:
            share = np.clip((x * along[0] + y * along[1]) / squared, 0, 1)
            x, y = x - share * along[0], y - share * along[1]
        return np.sqrt(x * x + y * y) - self.radius

    def polygon(self) -> list[Point]:
        """Return its corners; the round ends become half of a 32-gon each."""
        heading = math.degrees(math.atan2(self.end[1] - self.start[1], self.end[0] - self.start[0]))
        corners = []
        for centre, first in ((self.end, heading - 90), (self.start, heading + 90)):
            for step in range(CORNERS_OF_A_CAP):
                dx, dy = turned((self.radius, 0), first + 180 * step / CORNERS_OF_A_CAP)
                corners.append((centre[0] + dx, centre[1] + dy))
        return corners


@dataclass(frozen=True)
class Convex:
    """A convex polygon, its corners clockwise as seen on the picture."""

    corners: list[Point]

    def bounds(self) -> Bounds:
        """Return the smallest box around it."""
        return around(self.corners)

    def distance(self, x: Array, y: Array) -> Array:
        """Return how far the points are outside, negative inside; beyond a corner it is a little too small."""
        sides = []
        for (x0, y0), (x1, y1) in pairwise([*self.corners, self.corners[0]]):
            length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
            sides.append(((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length)
        return reduce(np.maximum, sides)

    def polygon(self) -> list[Point]:
        """Return its corners."""
        return self.corners


Outline = Capsule | Convex


def circle(centre: Point, radius: float) -> Capsule:
    """Return a circle."""
    return Capsule(centre, centre, radius)


def around(points: Sequence[Point]) -> Bounds:
    """Return the smallest box around the points."""
    x, y = [point[0] for point in points], [point[1] for point in points]
    return min(x), min(y), max(x), max(y)


def turned(point: Point, degrees: float) -> Point:
    """Return the point turned about the origin, clockwise on the picture.

    Sine and cosine are rounded, for their last digits differ between C libraries.
    """
    cosine, sine = round(math.cos(math.radians(degrees)), 9), round(math.sin(math.radians(degrees)), 9)
    return point[0] * cosine - point[1] * sine, point[0] * sine + point[1] * cosine
