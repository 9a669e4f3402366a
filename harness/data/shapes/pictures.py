"""One picture: what is chosen for it, what of that can be seen, and its pixels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.shapes.dice import Colour, Dice
from harness.data.shapes.figures import CIRCLE, PERSON, RECTANGLE, TRIANGLE, Figure, crowd, person, shape
from harness.data.shapes.outlines import Array, Bounds, Outline

#: Height and width; objects on the last two are small in COCO's sense, below 32² pixels.
SIZES = [(480, 640), (640, 480), (320, 320), (375, 500), (120, 160), (180, 240)]
MOST_OBJECTS = 7
#: Of what an object would cover in a picture without bounds and other objects; with less in sight it is left out.
LEAST_VISIBLE = 0.3
Mask = NDArray[np.bool_]
#: Left, top, right, bottom; the last two are the first pixels outside.
PixelBounds = tuple[int, int, int, int]


@dataclass(frozen=True)
class InSight:
    """An object of a picture: `visible` are its pixels, `hidden` those of what is in front of it (height × width).

    `box` is the smallest around its visible part: exact to a fraction of a pixel where the object itself ends there.
    """

    figure: Figure
    visible: Mask
    hidden: Mask
    box: Bounds
    whole: bool


@dataclass(frozen=True)
class Drawn:
    """A picture: uint8 of height × width × RGB, or height × width where it is grey, and its objects, rearmost first."""

    pixels: NDArray[np.uint8]
    objects: list[InSight]


def draw(seed: int, number: int) -> Drawn:
    """Return the picture of that number. Of any twenty in a row, one is empty, one grey, and one has a crowd."""
    dice = Dice(seed, number)
    height, width = dice.one_of(SIZES)
    ground = dice.colour()
    figures = [] if number % 20 == 7 else _figures(dice, height, width, ground, with_crowd=number % 20 == 13)
    drawn = painted(dice, figures, height, width, ground)
    return Drawn(_grey(drawn.pixels), drawn.objects) if number % 20 == 17 else drawn


def painted(dice: Dice, figures: list[Figure], height: int, width: int, ground: Colour) -> Drawn:
    """Return a picture of the figures, rearmost first, on a ground of about that colour."""
    objects = in_sight(figures, height, width)
    canvas = _background(dice, height, width, ground)
    for seen in objects:
        for outline, colour in seen.figure.parts + seen.figure.details:
            _paint(canvas, outline, colour)
    canvas += 24 * dice.uniforms(height, width, 3) - 12
    return Drawn(np.clip(np.rint(canvas), 0, 255).astype(np.uint8), objects)


def in_sight(figures: list[Figure], height: int, width: int) -> list[InSight]:
    """Return the figures that can be seen, rearmost first: each hides only what is left behind it."""
    hidden = np.zeros((height, width), np.bool_)
    kept: list[InSight] = []
    for figure in reversed(figures):
        mask, pixels, covered = _mask(figure, height, width)
        visible = mask & ~hidden
        shown = np.count_nonzero(visible)
        if shown < LEAST_VISIBLE * pixels:
            continue
        box = _box(figure, covered, visible)
        kept.append(InSight(figure, visible, hidden, box, whole=shown == pixels))
        hidden = hidden | mask
    return kept[::-1]


def _figures(dice: Dice, height: int, width: int, ground: Colour, with_crowd: bool) -> list[Figure]:
    """Choose what is on a picture, rearmost first."""
    shorter = min(height, width)
    figures = []
    if with_crowd:
        figures.append(crowd(dice, (width / 2, height / 2), 0.7 * shorter, ground))
    for _ in range(int(dice.uniform(1, MOST_OBJECTS + 1 - len(figures)))):
        category = dice.one_of([PERSON, PERSON, CIRCLE, RECTANGLE, TRIANGLE])
        centre = dice.uniform(0.1, 0.9) * width, dice.uniform(0.1, 0.9) * height
        if category == PERSON:
            figures.append(person(dice, centre, shorter * dice.uniform(0.3, 0.7), ground))
        else:
            colour = dice.colour(unlike=ground)
            figures.append(shape(dice, category, centre, shorter * dice.uniform(0.15, 0.5), colour))
    return figures


def _mask(figure: Figure, height: int, width: int) -> tuple[Mask, int, PixelBounds]:
    """Return the pixels whose centres the figure covers.

    With it comes how many there are and their bounds, both as in a picture without bounds.
    """
    left, top, right, bottom = (round(side) for side in _bounds(figure))
    left, top, right, bottom = left - 1, top - 1, right + 1, bottom + 1
    x, y = _centres(left, right), _centres(top, bottom)[:, None]
    inside = np.any([outline.distance(x, y) < 0 for outline, _ in figure.parts], axis=0)
    mask = np.zeros((height, width), np.bool_)
    part = mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    part |= inside[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]]
    first_x, first_y, last_x, last_y = _pixel_bounds(inside)
    covered = left + first_x, top + first_y, left + last_x, top + last_y
    return mask, int(np.count_nonzero(inside)), covered


def _centres(first: int, end: int) -> Array:
    return np.arange(first, end, dtype=np.float64) + 0.5


def _bounds(figure: Figure) -> Bounds:
    left, top, right, bottom = zip(*(outline.bounds() for outline, _ in figure.parts), strict=True)
    return min(left), min(top), max(right), max(bottom)


def _box(figure: Figure, covered: PixelBounds, visible: Mask) -> Bounds:
    """Return the box around the visible part: the figure's own where it ends in sight, else that of the pixels."""
    height, width = visible.shape
    sides = zip(_bounds(figure), covered, _pixel_bounds(visible), (width, height) * 2, strict=True)
    left, top, right, bottom = (
        min(max(own, 0.0), float(edge)) if end == end_in_sight else float(end_in_sight)
        for own, end, end_in_sight, edge in sides
    )
    return left, top, right, bottom


def _pixel_bounds(mask: Mask) -> PixelBounds:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _background(dice: Dice, height: int, width: int, ground: Colour) -> Array:
    """Return float64 height × width × RGB: the colour, clouds and a finer grain."""
    canvas = np.full((height, width, 3), ground)
    for cells, strength in ((3, 60), (24, 36)):
        canvas += strength * (_clouds(dice, height, width, cells) - 0.5)
    return canvas


def _clouds(dice: Dice, height: int, width: int, cells: int) -> Array:
    """Return random values at the corners of cells × cells fields, and between them bilinear."""
    grid = dice.uniforms(cells + 1, cells + 1, 3)
    for length in (height, width):  # each turn stretches the first axis and swaps both
        place = np.arange(length) * (cells / length)
        whole = place.astype(np.intp)
        share = (place - whole)[:, None, None]
        grid = (grid[whole] * (1 - share) + grid[whole + 1] * share).swapaxes(0, 1)
    return grid


def _paint(canvas: Array, outline: Outline, colour: Colour) -> None:
    """Blend the outline in; a pixel on its edge takes part of the colour, by the distance of its centre."""
    left, top, right, bottom = outline.bounds()
    first_row, first_column = max(math.floor(top) - 1, 0), max(math.floor(left) - 1, 0)
    area = canvas[first_row : max(math.ceil(bottom) + 1, 0), first_column : max(math.ceil(right) + 1, 0)]
    x = _centres(first_column, first_column + area.shape[1])
    y = _centres(first_row, first_row + area.shape[0])[:, None]
    area += np.clip(0.5 - outline.distance(x, y), 0, 1)[..., None] * (np.array(colour) - area)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma of ITU-R BT.601, in whole thousandths."""
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
