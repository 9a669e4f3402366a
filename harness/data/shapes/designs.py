"""Designed sets: pictures that differ in their number of objects, or in their size, and in nothing else.

Pictures come in rounds, each of one scene. Where objects are counted, a picture shows the first so many of the scene's;
where sizes are, it shows the whole scene in its size.
"""

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

from harness.data.shapes.dice import Colour, Dice
from harness.data.shapes.figures import CIRCLE, PERSON, RECTANGLE, TRIANGLE, Figure, person, shape
from harness.data.shapes.outlines import Point
from harness.data.shapes.pictures import Drawn, painted
from harness.errors import BadInput

Thing = Literal["objects", "size"]

#: How a designed set's name begins.
PREFIX = "shapes:"
EXAMPLES = "shapes:objects=0..100 or shapes:size=240..1200"
#: At most so many steps, evenly spaced, and so many rounds of them.
STEPS, ROUNDS = 11, 4
#: So many steps make a line.
FEWEST_STEPS = 3
#: Of a picture whose objects are counted.
HEIGHT, WIDTH = 480, 640
#: Of pictures whose size differs: width over height, and how many objects each has.
ASPECT, OBJECTS = WIDTH / HEIGHT, 8
#: The shorter side, in pixels: below, no shape can be told from another; above, a picture takes more than half a GB.
SMALLEST, LARGEST = 64, 2400
#: The least room of an object, in pixels each way.
ROOM = 32
MOST_OBJECTS = (HEIGHT // ROOM) * (WIDTH // ROOM)
#: How large an object is in its room, a person a little larger, and how far it may be from its middle.
FILLED, TALLER, OFF = 0.7, 1.2, 0.12
#: Scenes are drawn by other dice than the pictures of the evaluation set, whose numbers end far below.
FIRST_SCENE = 1_000_000


@dataclass(frozen=True)
class Design:
    """What the pictures differ in, from `low` to `high`: objects, or the shorter side in pixels."""

    thing: Thing
    low: int
    high: int

    @property
    def name(self) -> str:
        """What the set is called."""
        return f"{PREFIX}{self.thing}={self.low}..{self.high}"

    @property
    def slug(self) -> str:
        """What its folder is called."""
        return f"{self.thing}-{self.low}-{self.high}"

    @property
    def steps(self) -> list[int]:
        """The numbers of objects, or sizes, in the order of a round: whoever takes few pictures has the ends first."""
        count = min(STEPS, self.high - self.low + 1)
        if count < 2:
            return [self.low]
        evenly = [round(self.low + (self.high - self.low) * i / (count - 1)) for i in range(count)]
        return [evenly[i] for i in _ends_first(count)]

    @property
    def numbers(self) -> range:
        """The numbers of its pictures, from one."""
        return range(1, ROUNDS * len(self.steps) + 1)

    def step(self, number: int) -> int:
        """Return how many objects the picture of that number has, or its size."""
        return self.steps[(number - 1) % len(self.steps)]

    def file(self, number: int) -> str:
        """Return the name of its file."""
        return f"{number:03d}-{self.thing}-{self.step(number)}.jpg"

    def draw(self, seed: int, number: int) -> Drawn:
        """Return the picture of that number."""
        dice, step = Dice(seed, FIRST_SCENE + (number - 1) // len(self.steps)), self.step(number)
        ground = dice.colour()
        if self.thing == "objects":
            figures = _figures(dice, self.high, HEIGHT, WIDTH, ground)[:step]
            return painted(dice, figures, HEIGHT, WIDTH, ground)
        height, width = step, round(ASPECT * step)
        return painted(dice, _figures(dice, OBJECTS, height, width, ground), height, width, ground)


def parse(name: str) -> Design:
    """Return the design of that name. Raises BadInput where it is none, or nothing that can be drawn."""
    match = re.fullmatch(PREFIX + r"(objects|size)=0*(\d{1,9})\.\.0*(\d{1,9})", name, re.ASCII)
    if match is None:
        raise BadInput(f"{name!r:.80} is no designed set of shapes", f"write it such as {EXAMPLES}")
    design = Design(cast("Thing", match[1]), int(match[2]), int(match[3]))
    if design.low > design.high:
        turned = Design(design.thing, design.high, design.low)
        raise BadInput(f"{design.name} runs backwards", f"write it as {turned.name}")
    if design.thing == "objects" and design.high > MOST_OBJECTS:
        reason = f"a picture of {HEIGHT} by {WIDTH} pixels has room for {MOST_OBJECTS} objects, not for {design.high}"
        raise BadInput(reason, f"end at {MOST_OBJECTS} or below")
    if design.thing == "size" and not SMALLEST <= design.low <= design.high <= LARGEST:
        reason = f"{design.name} is of sides that are not drawn: they have {SMALLEST} to {LARGEST} pixels"
        raise BadInput(reason, f"stay within {PREFIX}size={SMALLEST}..{LARGEST}")
    if len(design.steps) < FEWEST_STEPS:
        few = "one step" if len(design.steps) == 1 else "two steps"
        raise BadInput(f"{design.name} makes {few}, and a line takes {FEWEST_STEPS}", "name a wider range")
    return design


def _ends_first(count: int) -> list[int]:
    """Return 0 to count - 1, each next one in the middle of the widest gap that those before it leave."""
    order = [0, count - 1]
    while len(order) < count:
        known = sorted(order)
        gap, start = max((after - before, -before) for before, after in pairwise(known))
        order.append(-start + gap // 2)
    return order


def _figures(dice: Dice, count: int, height: int, width: int, ground: Colour) -> list[Figure]:
    """Return so many figures, each in a room of its own: the same ones in any size, for the same dice."""
    columns = math.ceil(math.sqrt(max(count, 1) * width / height))
    rows = math.ceil(max(count, 1) / columns)
    rooms = [(row, column) for row in range(rows) for column in range(columns)]
    room = min(height / rows, width / columns, min(height, width) / 2)
    figures = []
    for _ in range(count):
        row, column = rooms.pop(int(dice.uniform(0, len(rooms))))
        off_x, off_y = (dice.uniform(-OFF, OFF) * room for _ in range(2))
        centre = (column + 0.5) * width / columns + off_x, (row + 0.5) * height / rows + off_y
        figures.append(_figure(dice, centre, FILLED * room, ground))
    return figures


def _figure(dice: Dice, centre: Point, size: float, ground: Colour) -> Figure:
    category = dice.one_of([PERSON, CIRCLE, RECTANGLE, TRIANGLE])
    if category == PERSON:
        return person(dice, centre, TALLER * size, ground)
    return shape(dice, category, centre, size, dice.colour(unlike=ground))
