"""How a series looks in every chart: a colour, and a shape and a dash so that colour is never alone."""

from dataclasses import dataclass

#: Okabe and Ito, Color Universal Design (2008), which people of any colour vision can tell apart; without its yellow,
#: which is faint on white, and with grey for black, since the page may be dark.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"]
#: One fewer than colours, so that only the 43rd series looks like the first. Vega's names.
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]]


@dataclass(frozen=True)
class SeriesStyle:
    """The look of a series; dash as lengths of line and gap in px."""

    colour: str
    shape: str
    dash: list[int]


def look(number: int) -> SeriesStyle:
    """Return the look of the series of this number."""
    return SeriesStyle(COLOURS[number % len(COLOURS)], SHAPES[number % len(SHAPES)], DASHES[number % len(DASHES)])
