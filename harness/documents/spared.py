"""Repeats that were planned and not needed: those of a model whose processes agreed closely enough before."""

from runner.contract import Failure, Result
from runner.contract.processes import OverProcesses

#: The kind of failure of a repeat that was not needed. It is a skipped cell that nobody misses.
PRECISE_ENOUGH = "PreciseEnough"


def sparing(reached: OverProcesses) -> Failure:
    """Return why a repeat is not needed: how closely the model's processes before it agree."""
    width = (
        "" if reached.half_width is None else f": ±{100 * reached.half_width:.1f} % over {reached.processes} processes"
    )
    return Failure(PRECISE_ENOUGH, f"precise enough{width}", "give a narrower --precision", "infrastructure")


def is_spared(result: Result) -> bool:
    """Tell whether a cell was not measured since the repeats before it were precise enough."""
    return result.status == "skipped" and result.failure is not None and result.failure.kind == PRECISE_ENOUGH
