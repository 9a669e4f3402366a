"""The columns of the head table that say what a model is and what it is given: each where a row has something in it."""

from collections.abc import Sequence
from statistics import fmean

from harness.analysis.pictured import MEGA, computed_pixels
from harness.analysis.timings import Timing, latencies
from harness.catalogue.entries import FLOPS_OF
from harness.documents.agreement import VERDICTS
from harness.report.latency_columns import FLOPS
from harness.report.page.entry import Entry
from harness.report.page.figures import significant
from harness.text import GAP
from runner.contract import Content

EMPTY = Entry(GAP, None)
TIMES = "\N{MULTIPLICATION SIGN}"
#: What the operations are, and those of torchvision beside them.
OF_FLOPS = (
    f"{FLOPS}: billions of operations that torch's counter sees in one image, a multiplication and an addition being "
    f"two. Below it, in the same unit, torchvision's own figure, which is of noise of {FLOPS_OF} {TIMES} {FLOPS_OF} "
    "pixels: a model of two stages may propose little in it."
)
INPUT = f"input, height {TIMES} width"


def fact_columns(timings: Sequence[Timing]) -> dict[str, list[Entry]]:
    """Return the columns by heading, with an entry for each timing; one that is empty in all of them is left out."""
    columns = {
        "parameters, M": list(map(_parameters, timings)),
        FLOPS: list(map(_flops, timings)),
        INPUT: list(map(_input, timings)),
        "agreement": list(map(_agreement, timings)),
    }
    return {heading: entries for heading, entries in columns.items() if any(entry != EMPTY for entry in entries)}


def _parameters(timing: Timing) -> Entry:
    known = timing.work.parameters
    return EMPTY if known is None else Entry(significant(known / 1e6), known)


def _flops(timing: Timing) -> Entry:
    """Return what was counted, and how far it is from what torchvision publishes, which is of another picture."""
    known, published = timing.work.flops, timing.model.published_flops
    if known is None:
        return EMPTY
    return Entry(significant(known / 1e9), known, _beside(known, published) if published else "")


def _beside(known: float, published: float) -> str:
    """Return torchvision's figure, and by how much the counted one is more; what it is of stands below the table."""
    percent = round(100 * (known / published - 1))
    return f"torchvision {significant(published / 1e9)}" + (f", {percent:+d} %" if percent else "")


def _input(timing: Timing) -> Entry:
    """Return the sizes that the model resized pictures to, smallest and largest, and what it computes on, padded."""
    contents = [content for latency in latencies(timing.cells) for content in latency.contents or []]
    sizes = {size for each in contents if (size := _size(each))}
    computed = [pixels / MEGA for each in contents if (pixels := computed_pixels(each))]
    if not sizes or not computed:
        return EMPTY
    ends = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    text = " to ".join(dict.fromkeys(f"{height} {TIMES} {width}" for height, width in (ends[0], ends[-1])))
    mean = fmean(computed)
    return Entry(text, mean, f"mean {significant(mean)} megapixels" if len(sizes) > 1 else "")


def _size(content: Content) -> tuple[int, int] | None:
    height, width = content.resized_height, content.resized_width
    return None if height is None or width is None else (height, width)


def _agreement(timing: Timing) -> Entry:
    """Return the verdict on what the software detects, sorted from the best to the worst."""
    known = timing.agreement
    return Entry(known.word, VERDICTS.index(known.verdict), f"with {known.against}") if known else EMPTY
