"""Compares the detection passes of a run with one another, as far as it has several of one model."""

from rich.console import Console

from harness.display import working
from harness.storage import RunFolder


def compare_cells(console: Console, folder: RunFolder) -> None:
    """Compare each pass with the run's first of the same model, and keep what came out beside it."""
    if sum(cell.result.detections is not None for cell in folder.cells()) < 2:
        return  # nor is there need for what it takes to compare, which is slow to import
    from harness.agreement.documents import Tolerances
    from harness.agreement.passes import compare, within

    with working(console, "comparing detections"):
        for pair in within(folder):
            compare(*pair, Tolerances())
