"""Two sides measured in turns, so that what else the machine does meets both alike."""

from collections.abc import Callable
from random import Random

from benchmarks.rows import Sides


def take_turns(pairs: int, ours: Callable[[], float], reference: Callable[[], float], note: str) -> Sides:
    """Measure both sides `pairs` times, neighbours in time making a pair, in random order within each.

    A pair before the first fills caches and is dropped.
    """
    order = Random(0)
    sides = Sides([], [], note)
    turns = [(ours, sides.ours), (reference, sides.reference)]
    for _ in range(pairs + 1):
        order.shuffle(turns)
        for measure, figures in turns:
            figures.append(measure())
    del sides.ours[0], sides.reference[0]
    return sides
