"""What a reader has to know of a figure before it is compared with another: a short mark, and why it is there."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.cautions import DOUBT, LOAD, UNBOUNDED, warnings_of
from harness.analysis.pins import deviations
from harness.analysis.standing import CONTENT, IMPRECISE, INSUFFICIENT, UNSTEADY
from harness.analysis.timings import Timing, latencies
from harness.text import count

#: What a mark says of a warning, by how that begins.
SHORT = {
    UNSTEADY: "no steady state",
    INSUFFICIENT: "insufficient",
    IMPRECISE: "imprecise",
    CONTENT: "content included",
    UNBOUNDED: "percentile insufficient",
    LOAD: "other load",
    DOUBT: "samples in doubt",
}


@dataclass(frozen=True)
class Mark:
    """A mark and its reason. A `serious` one says that figures may not be compared at all."""

    text: str
    why: str
    serious: bool = False


def marks_of(timing: Timing) -> list[Mark]:
    """Return the marks of a timing, serious ones first."""
    return sorted(dict.fromkeys(_marks(timing)), key=lambda mark: not mark.serious)


def _marks(timing: Timing) -> Iterator[Mark]:
    agreement, weights = timing.agreement, timing.series.weights
    if agreement and agreement.verdict == "different":
        where = f"{agreement.images_different} of {agreement.images} images"
        why = f": {agreement.because}" if agreement.because else ""
        yield Mark(agreement.word, f"detects otherwise than {agreement.against} in {where}{why}", serious=True)
    if not timing.series.pinned:
        differing = [text for cell in timing.cells for text in deviations(cell)]
        yield Mark("not pinned", "; ".join(dict.fromkeys(differing)) or "the environment has no pins", serious=True)
    if weights == "random":
        yield Mark("random weights", "what is detected means nothing, only the amount of work is real")
    elif weights != "pretrained":
        yield Mark(f"{weights} weights", "not torchvision's checkpoint: nothing published compares with it")
    warnings = list(dict.fromkeys(text for cell in timing.cells for text in warnings_of(cell.result)))
    by_beginning = {beginning: [text for text in warnings if text.startswith(beginning)] for beginning in SHORT}
    for beginning, said in by_beginning.items():
        if said:
            yield Mark(SHORT[beginning], "; ".join(said))
    if any(latency.stopped_by == "cap" and latency.warmup is None for latency in latencies(timing.cells)):
        yield Mark("capped", "the time was up before all iterations were measured")
    others = [text for text in warnings if not text.startswith(tuple(SHORT))]
    if others:
        yield Mark(count(len(others), "warning"), "; ".join(others))
