"""Repeats that were planned and not needed: those of a model whose processes agreed closely enough before."""

from runner.contract import Failure, Result

#: The kind of failure of a repeat that was not needed. It is a skipped cell that nobody misses.
PRECISE_ENOUGH = "PreciseEnough"


def sparing(half_width: float, processes: int) -> Failure:
    """Return why a repeat is not needed: the interval over the model's processes, as a share of its figure."""
    reached = f"precise enough: ±{100 * half_width:.1f} % over {processes} processes"
    return Failure(PRECISE_ENOUGH, reached, "give a narrower --precision", "infrastructure")


def is_spared(result: Result) -> bool:
    """Tell whether a cell was not measured since the repeats before it were precise enough."""
    return result.status == "skipped" and result.failure is not None and result.failure.kind == PRECISE_ENOUGH
