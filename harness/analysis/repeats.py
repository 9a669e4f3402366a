"""One figure over the repeats of a model: each is a fresh process, and processes differ by more than iterations do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from runner.contract import Protocol
from runner.contract.processes import over_processes
from runner.contract.statistics import Summary

#: The ends of a 95 % interval in ms, None where too little is known for one.
Ends = tuple[float, float] | None


@dataclass(frozen=True)
class RepeatedFigure:
    """A figure in ms over repeats, and its ends.

    Where `between` holds the interval is over processes, else it spans what each process says of itself.
    """

    ms: float
    ends: Ends
    between: bool


def over_repeats(figures: Sequence[float], ends: Sequence[Ends], protocol: Protocol) -> RepeatedFigure:
    """Return the figure over repeats of what the protocol reports of each, in ms, with the ends of their own intervals.

    It is their mean; where the protocol says so the geometric one, whose interval is Student's t over processes once
    there are as many as have to be before repeats end early.
    """
    known = [each for each in ends if each]
    span = (min(low for low, _ in known), max(high for _, high in known)) if len(known) == len(figures) else None
    if protocol.repeating is None:
        return RepeatedFigure(fmean(figures), span, between=False)
    over = over_processes(figures)
    if over.factor is None or over.processes < protocol.repeating.min_repeats:
        return RepeatedFigure(over.figure, span, between=False)
    return RepeatedFigure(over.figure, (over.figure / over.factor, over.figure * over.factor), between=True)


def detections_over_repeats(summaries: Iterable[Summary]) -> float:
    """Return the mean number of detections in an image, over repeats."""
    return fmean(summary.detections_per_image for summary in summaries)
