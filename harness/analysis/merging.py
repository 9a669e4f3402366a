"""The results of many runs as one tidy table."""

from collections.abc import Iterable, Iterator

from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput


def cells_of(folders: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Cell]]:
    """Yield the cells of the runs, one at a time. Raises BadInput where a measurement comes twice.

    A cell is known by its machine, its name and when it began, so that a copy of a run is not taken for a repeat.
    """
    seen: dict[tuple[str | None, str, str], RunFolder] = {}
    for folder in folders:
        for cell in folder.stream():
            host = cell.execution.host.id if cell.execution else None
            first = seen.setdefault((host, cell.job.cell, cell.result.started_at), folder)
            if first is not folder:
                raise BadInput(
                    f"{folder.path} holds the measurement {cell.job.cell} that {first.path} holds already",
                    "name each run once",
                )
            yield folder, cell
