"""How large a model is and how much it computes, of one measurement and of several of one model."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from harness.analysis.tidy_figure import TidyFigure
from runner.contract import Latency, Work


class Worked(NamedTuple):
    """The parameters of a model, and the floating-point operations of an image on average; None if not known."""

    parameters: int | None = None
    flops: float | None = None


UNKNOWN = Worked()


def worked(work: Work | None) -> Worked:
    """Return what a measurement says of it."""
    return Worked(work.parameters, fmean(work.flops) if work.flops else None) if work else UNKNOWN


def over_repeats(repeats: Sequence[Worked]) -> Worked:
    """Return what several measurements of one model say: parameters that all have, the mean of what all counted."""
    parameters, flops = {each.parameters for each in repeats}, [each.flops for each in repeats]
    counted = [each for each in flops if each is not None]
    return Worked(parameters.pop() if len(parameters) == 1 else None, fmean(counted) if counted == flops else None)


def work_rows(latency: Latency) -> Iterator[TidyFigure]:
    """Yield what the tidy table says of it; `n` counts the inputs."""
    known = worked(latency.work)
    if known.parameters is not None:
        yield TidyFigure("parameters", value=float(known.parameters), unit="1")
    if latency.work and known.flops is not None:
        yield TidyFigure("flops_per_image", value=known.flops, unit="FLOP", n=len(latency.work.flops or []))
