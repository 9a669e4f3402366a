"""What a latency owes to the content of the pictures: detections, pixels, and the pixels that the model computes on.

A picture's samples are one group: they share its content, so what tells is how pictures differ, and a line through
every sample would be as sure as if each were of a picture of its own. The line is through the pictures' medians.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from harness.analysis.huber import Fit, Slope, fitted
from harness.analysis.pictured import Floats, Pictures, pictures_of
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
class ContentFigures:
    """What content makes of a latency. What is None, or lacks, has its reason in `missing` under its name.

    `slopes` are ms for each further unit of a variable, the others being equal; `at` the ms at so many detections in
    a picture that is else like the mean one. `explained` is the share of the samples' variance that the lines explain,
    `by_picture` the share that lies between pictures at all, whatever it is in them.
    """

    pictures: int
    samples: int
    ranges: dict[str, tuple[float, float]]
    slopes: dict[str, Slope]
    at: dict[int, Slope]
    explained: float | None
    by_picture: float | None
    varied: list[str]
    missing: dict[str, str] = field(default_factory=dict)


def content_figures(latencies: Sequence[Latency]) -> ContentFigures:
    """Return what content makes of the latencies of one model's processes in one series, at least one."""
    seen = pictures_of(latencies)
    chosen, missing = _chosen(seen)
    if not 1 < len(seen.names) < len(seen.samples):
        missing["by_picture"] = "one picture" if len(seen.names) == 1 else "one sample a picture"
    whole = ContentFigures(
        pictures=len(seen.names),
        samples=len(seen.samples),
        ranges={name: (float(values.min()), float(values.max())) for name, values in seen.variables.items()},
        slopes={},
        at={},
        explained=None,
        by_picture=_share(seen, seen.ms) if 1 < len(seen.names) < len(seen.samples) else None,
        varied=seen.varied,
        missing=missing,
    )
    if not chosen:
        reason = missing["detections"]
        return replace(whole, missing=missing | {str(n): reason for n in DETECTIONS} | {"explained": reason})
    middle = {name: float(seen.variables[name].mean()) for name in chosen}
    columns = np.column_stack([np.ones(len(seen.ms)), *(seen.variables[name] - middle[name] for name in chosen)])
    fit = fitted(columns, seen.ms)
    unit = np.eye(len(chosen) + 1)
    slopes = {name: fit.at(unit[i]) for i, name in enumerate(chosen, 1)}
    at, unreached = _at(fit, seen, chosen, middle, missing)
    explained = _share(seen, columns @ fit.coefficients)
    return replace(whole, slopes=slopes, at=at, explained=explained, missing=missing | unreached)


def _at(
    fit: Fit, seen: Pictures, chosen: Sequence[str], middle: Mapping[str, float], missing: Mapping[str, str]
) -> tuple[dict[int, Slope], dict[str, str]]:
    """Return the latency at each of DETECTIONS that the data reach, and why not at the others."""
    if "detections" not in chosen:
        return {}, {str(n): missing["detections"] for n in DETECTIONS}
    low, high = (float(end(seen.variables["detections"])) for end in (np.min, np.max))
    at, unreached = {}, {}
    for n in DETECTIONS:
        if low <= n <= high:
            place = np.array([1.0, *(n - middle[name] if name == "detections" else 0.0 for name in chosen)])
            at[n] = fit.at(place)
        else:
            unreached[str(n)] = f"the pictures have {low:g} to {high:g} detections"
    return at, unreached


def _chosen(seen: Pictures) -> tuple[list[str], dict[str, str]]:
    """Return the variables that the pictures tell apart, and why not the others."""
    chosen: list[str] = []
    missing = {}
    for name, variable in VARIABLES.items():
        values = seen.variables.get(name)
        fewest = len(chosen) + 2 + SPARE
        if values is None:
            missing[name] = UNSEEN
        elif len(values) < fewest:
            too = "are" if len(values) > 1 else "is"
            missing[name] = f"{count(len(values), 'picture')} {too} too few for a line: it takes {fewest}"
        elif np.ptp(values) == 0:
            missing[name] = variable.alike.format(values[0])
        elif chosen and _own_share(values, [seen.variables[other] for other in chosen]) < OWN:
            others = " and ".join(VARIABLES[other].unit + "s" for other in chosen)
            missing[name] = f"in these pictures it goes with the {others}, and can't be told from them"
        else:
            chosen.append(name)
    return chosen, missing


def _own_share(values: Floats, others: Sequence[Floats]) -> float:
    """Return the share of the variance of values (P,) that no line over the others (P,) explains."""
    columns = np.column_stack([np.ones(len(values)), *others])
    coefficients, *_ = np.linalg.lstsq(columns, values, rcond=None)
    return float(np.var(values - columns @ coefficients) / np.var(values))


def _share(seen: Pictures, of_pictures: Floats) -> float:
    """Return which share of the samples' variance goes when what is known of their pictures is taken off them."""
    total = float(np.var(seen.samples))
    rest = seen.samples - of_pictures[seen.of]
    return max(0.0, 1 - float(np.mean(rest * rest)) / total) if total else 0.0
