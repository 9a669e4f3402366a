"""What the comparison of detections says of cells, as tables mark it."""

from collections.abc import Iterable

from harness.analysis.series import shared
from harness.documents.agreement import VERDICTS, Agreement
from harness.documents.run_folder import Cell

#: By what detected (Series.detecting) and model.
Gates = dict[tuple[tuple[object, ...], str], Agreement]


def gates(cells: Iterable[Cell]) -> Gates:
    """Return the agreements of the detection passes among the cells, of several on one model the worst.

    One that differs for no known cause is worse than one that differs for a known one. A pass of a sweep, with other
    numerics than the protocol's, tells nothing of what was timed.
    """
    worst: Gates = {}
    for cell in cells:
        if cell.agreement and cell.job.variant.numerics is None:
            where = (shared(cell).detecting, cell.job.model.builder)
            known = worst.get(where, cell.agreement)
            worst[where] = max(known, cell.agreement, key=_badness)
    return worst


def _badness(of: Agreement) -> tuple[int, int, int]:
    return VERDICTS.index(of.verdict), of.unexplained, of.images_different
