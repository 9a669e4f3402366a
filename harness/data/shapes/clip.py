"""Figures of the dataset in motion: a seeded clip, the same on every machine."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from harness.data.shapes.dice import Colour, Dice
from harness.data.shapes.figures import CIRCLE, PERSON, RECTANGLE, TRIANGLE, Figure, person, shape
from harness.data.shapes.outlines import Point
from harness.data.shapes.pictures import Drawn, painted

HEIGHT, WIDTH, RATE, FRAMES = 240, 320, 25, 100
#: What moves, rearmost first, each with its size as a share of the height.
CAST = ((PERSON, 0.6), (CIRCLE, 0.25), (RECTANGLE, 0.3), (PERSON, 0.45), (TRIANGLE, 0.3))


@dataclass(frozen=True)
class Path:
    """Where a figure goes: it sways about its middle (shares of width and height), so often in the clip."""

    middle: Point
    reach: Point
    turns: Point

    def at(self, share: float) -> Point:
        """Return the centre, in pixels, at a share of the clip."""
        x, y = (
            middle + reach * math.sin(2 * math.pi * turns * share)
            for middle, reach, turns in zip(self.middle, self.reach, self.turns, strict=True)
        )
        return x * WIDTH, y * HEIGHT


def draw(seed: int, count: int = FRAMES) -> Iterator[Drawn]:
    """Yield the frames of a clip, RGB of HEIGHT × WIDTH at RATE a second; the last goes over into the first."""
    dice = Dice(seed, 0)
    ground = dice.colour()
    paths = [_path(dice, number) for number in range(len(CAST))]
    for frame in range(count):
        figures = [
            _figure(Dice(seed, 1 + number), category, size * HEIGHT, path.at(frame / count), ground)
            for number, ((category, size), path) in enumerate(zip(CAST, paths, strict=True))
        ]
        yield painted(Dice(seed, 1000), figures, HEIGHT, WIDTH, ground)


def _path(dice: Dice, number: int) -> Path:
    middle = (number + 0.5) / len(CAST), dice.uniform(0.35, 0.65)
    reach = dice.uniform(0.1, 0.25), dice.uniform(0.05, 0.15)
    return Path(middle, reach, (1, 1 + number % 2))


def _figure(dice: Dice, category: int, size: float, centre: Point, ground: Colour) -> Figure:
    """Return the figure with the choices of its own dice, the same in each frame, at its place in this one."""
    if category == PERSON:
        return person(dice, centre, size, ground)
    return shape(dice, category, centre, size, dice.colour(unlike=ground))
