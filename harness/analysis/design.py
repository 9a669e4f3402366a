"""What lines over pictures go through, before any time is known: the variables that tell the pictures apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness.analysis.huber import Columns, Floats
from harness.analysis.pictured import PicturesShown
from harness.text import count
from runner.contract import Latency

#: At how many detections a latency is given, where the data reach so far.
DETECTIONS = (0, 10, 100)
#: A line takes this many pictures more than it has coefficients.
SPARE = 3
#: Of a variable, the share of its variance that no other may go along with, so that their lines can be told apart.
OWN = 0.04


class Variable(NamedTuple):
    """What a line is over: its unit for people, and how the values of pictures that are all alike are told."""

    unit: str
    alike: str


#: By name, in the order in which they are taken in. A megapixel is a million.
VARIABLES = {
    "detections": Variable("detection", "every picture has {:g} detections"),
    "megapixels": Variable("megapixel", "every picture has {:.3g} megapixels"),
    "computed_megapixels": Variable(
        "computed megapixel", "the model resizes and pads every picture to {:.3g} megapixels"
    ),
}
UNSEEN = "the sizes after resizing are not known"


@dataclass(frozen=True)
class LineDesign:
    """The pictures of latencies, what lines over them go through, and where the lines are looked at.

    `ranges` has how far each variable reaches. A line has a coefficient for 1 and for each variable that is chosen, as
    far as it is off its mean; `columns` has the pictures', `slopes` and `at` where a variable's coefficient stands, and
    the sum at so many detections in a picture that is else like the mean one. `missing` says why others have none.
    """

    shown: PicturesShown
    ranges: dict[str, tuple[float, float]]
    columns: Columns
    slopes: dict[str, Floats]
    at: dict[int, Floats]
    missing: dict[str, str]


def design_of(latencies: Sequence[Latency]) -> LineDesign:
    """Return the design of the latencies of one model, at least one."""
    shown = PicturesShown(latencies)
    ranges = {name: (float(values.min()), float(values.max())) for name, values in shown.variables.items()}
    chosen, missing = _chosen(shown.variables, ranges)
    middle = {name: float(shown.variables[name].mean()) for name in chosen}
    ones, off = np.ones(len(shown.names)), (shown.variables[name] - middle[name] for name in chosen)
    unit = np.eye(len(chosen) + 1)
    slopes = {name: unit[i] for i, name in enumerate(chosen, 1)}
    at, unreached = _at(ranges["detections"], middle, missing)
    if not 1 < len(shown.names) < len(shown.of):
        missing["by_picture"] = "one picture" if len(shown.names) == 1 else "one sample a picture"
    missing |= unreached if chosen else unreached | {"explained": missing["detections"]}
    return LineDesign(shown, ranges, Columns(np.column_stack([ones, *off])), slopes, at, missing)


def _at(
    reached: tuple[float, float], middle: Mapping[str, float], missing: Mapping[str, str]
) -> tuple[dict[int, Floats], dict[str, str]]:
    """Return where each of DETECTIONS stands that the data reach, and why not the others."""
    if "detections" not in middle:
        return {}, {str(n): missing["detections"] for n in DETECTIONS}
    low, high = reached
    at, unreached = {}, {}
    for n in DETECTIONS:
        if low <= n <= high:
            at[n] = np.array([1.0, *(n - mean if name == "detections" else 0.0 for name, mean in middle.items())])
        else:
            unreached[str(n)] = f"the pictures have {low:g} to {high:g} detections"
    return at, unreached


def _chosen(
    variables: Mapping[str, Floats], ranges: Mapping[str, tuple[float, float]]
) -> tuple[list[str], dict[str, str]]:
    """Return the variables that the pictures tell apart, and why not the others."""
    chosen: list[str] = []
    missing = {}
    lines = _Lines()
    for name, variable in VARIABLES.items():
        values = variables.get(name)
        fewest = len(chosen) + 2 + SPARE
        if values is None:
            missing[name] = UNSEEN
        elif len(values) < fewest:
            too = "are" if len(values) > 1 else "is"
            missing[name] = f"{count(len(values), 'picture')} {too} too few for a line: it takes {fewest}"
        elif len(set(ranges[name])) == 1:
            missing[name] = variable.alike.format(values[0])
        elif not lines.tell_apart(values):
            others = " and ".join(VARIABLES[other].unit + "s" for other in chosen)
            missing[name] = f"in these pictures it goes with the {others}, and can't be told from them"
        else:
            chosen.append(name)
    return chosen, missing


class _Lines:
    """Variables (P,) that can be told apart, as what is own to each: directions at right angles to each other."""

    def __init__(self) -> None:
        self._directions: list[Floats] = []

    def tell_apart(self, values: Floats) -> bool:
        """Take values in and return True, unless lines over those before explain them but for a share below OWN."""
        rest = values - values.mean()
        whole = float(rest @ rest)
        for direction in self._directions:
            rest = rest - (rest @ direction) * direction
        own = float(rest @ rest)
        if own < OWN * whole:
            return False
        self._directions.append(rest / own**0.5)
        return True
