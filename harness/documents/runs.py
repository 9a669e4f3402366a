"""Runs as people name them, and their cells together."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadDocument, BadInput
from harness.paths import results_folder

#: How the names begin that runs have unless a person names their folder: by when they were planned.
DATED = re.compile(r"\d{8}-\d{6}-")


def once(folders: Iterable[RunFolder]) -> Iterator[tuple[RunFolder, Cell]]:
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


def told_apart(folders: Sequence[RunFolder]) -> list[RunFolder]:
    """Return the runs labelled by the shortest ends of their paths that tell them apart."""
    paths = [folder.path.resolve() for folder in folders]
    ends = [_end(path, {other for other in paths if other != path}) for path in paths]
    return [RunFolder(folder.path, end) for folder, end in zip(folders, ends, strict=True)]


def runs() -> list[RunFolder]:
    """Return the runs under results/, newest first; a folder whose plan can't be read is passed over."""
    folders = [RunFolder(path.parent) for path in results_folder().glob("*/plan.json")]
    usable = []
    for folder in folders:
        with suppress(BadDocument):
            usable.append((folder.plan.created_at, folder))
    return [folder for _, folder in sorted(usable, key=lambda pair: pair[0], reverse=True)]


def cells_of(folders: list[RunFolder]) -> list[Cell]:
    """Return the cells of the runs. Raises BadInput where there are none, and where a measurement comes twice."""
    cells = [cell for _, cell in once(folders)]
    if not cells:
        names = " ".join(folder.name for folder in folders)
        raise BadInput(f"{names}: no cell has a result yet", folders[0].going_on)
    return cells


def open_runs(names: list[str]) -> list[RunFolder]:
    """Return runs as open_run does, labelled so that tables tell them apart."""
    return told_apart([open_run(name) for name in names])


def open_run(name: str) -> RunFolder:
    """Return a run by its ID or path, or the newest one where it says latest. Raises BadInput where there is none."""
    if not name.strip():
        raise BadInput("the name of a run is empty", "name an ID, a folder, or latest")
    if name == "latest":
        newest = next(iter(runs()), None)
        if newest is None:
            raise BadInput("there is no run yet", "make one with: harness run")
        return newest
    for path in (results_folder() / name, Path(name)):
        if (path / "plan.json").is_file():
            return RunFolder(path)
    # By their names alone: plans may be large, and whoever asks may try several names.
    dated = [path.parent.name for path in results_folder().glob("*/plan.json") if DATED.match(path.parent.name)]
    remedy = f"the newest run here is {max(dated)}" if dated else "make one with: harness run"
    raise BadInput(f"there is no run {name!r}", remedy)


def _end(path: Path, others: set[Path]) -> str:
    for length in range(1, len(path.parts)):
        end = path.parts[-length:]
        if all(other.parts[-length:] != end for other in others):
            return "/".join(end)
    return str(path)
