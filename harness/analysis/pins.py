"""Whether what was measured ran in software as pinned, and what differed."""

from harness.documents.run_folder import Cell

UNTOLD = "execution.json is missing, which tells of the pins"


def pinned(cell: Cell) -> bool | None:
    """Return whether the software was as pinned; not where nothing tells, and None where nothing was measured."""
    if cell.execution is None:
        return None if cell.result.software is None else False
    return cell.execution.pinned


def deviations(cell: Cell) -> list[str]:
    """Return what differed from the pins, as far as it is known."""
    if cell.execution is None:
        return [] if pinned(cell) is None else [UNTOLD]
    return cell.execution.deviations
