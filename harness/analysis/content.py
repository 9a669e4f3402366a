"""What a latency owes to the content of the pictures: detections, pixels, and the pixels that the model computes on.

A picture's samples are one group: they share its content, so what tells is how pictures differ, and a line through
every sample would be as sure as if each were of a picture of its own. The line is through the pictures' medians.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.analysis.design import LineDesign, design_of
from harness.analysis.huber import Floats, Slope, fitted, mean
from runner.contract import Latency


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


def content_figures(latencies: Sequence[Latency], design: LineDesign | None = None) -> ContentFigures:
    """Return what content makes of the latencies of one model's processes in one series, at least one.

    `design` is that of their pictures, where it is had already.
    """
    design = design or design_of(latencies)
    shown, times = design.shown, design.shown.timed(latencies)
    variance = _variance(times.samples)

    def share(of_pictures: Floats) -> float:
        """Return which share of the samples' variance goes when what is known of their pictures is taken off."""
        rest = times.samples - of_pictures[shown.of]
        return max(0.0, 1 - mean(rest * rest) / variance) if variance else 0.0

    fit = fitted(design.columns, times.ms) if design.slopes else None
    return ContentFigures(
        pictures=len(shown.names),
        samples=len(times.samples),
        ranges=design.ranges,
        slopes={name: fit.at(place) for name, place in design.slopes.items()} if fit else {},
        at={n: fit.at(place) for n, place in design.at.items()} if fit else {},
        explained=share(design.columns.values @ fit.coefficients) if fit else None,
        by_picture=None if "by_picture" in design.missing else share(times.ms),
        varied=shown.varied,
        missing=design.missing,
    )


def _variance(values: Floats) -> float:
    off = values - mean(values)
    return mean(off * off)
