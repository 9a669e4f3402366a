"""Runs of one or several machines as one table: opened, each measurement once, refused where not measured alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.analysis.gates import Gates, gates
from harness.analysis.labels import conflicts
from harness.analysis.ladders import Ladders, add_ladders, steps_of
from harness.analysis.parts import Measurement, Part
from harness.analysis.recall import part_of
from harness.analysis.series import Series, by_accuracy_series, grouped, shared
from harness.analysis.tidy import Rows, Tidy, frame_of, whole_of
from harness.analysis.tidy_published import published_cells
from harness.analysis.timed import Timed
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.runs import open_runs
from harness.errors import BadInput

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Merged:
    """Runs as one: the tidy table, and what the wide tables need of the cells.

    `conflicts` say what was not measured alike and is labelled. `cells` have a result, `missing` are planned and have
    none yet.
    """

    rows: Tidy
    timed: list[Timed]
    detected: list[Cell]
    conflicts: list[str]
    runs: int
    cells: int
    missing: int

    @property
    def frame(self) -> "DataFrame":
        """The tidy table as a DataFrame, made anew."""
        return frame_of(self.rows)

    @property
    def gates(self) -> Gates:
        """The verdicts on the detections of each model, environment and hardware."""
        return gates(self.detected)


def merged(names: Sequence[str], *, allow: bool = False, published: bool = False) -> Merged:
    """Return the runs of these names (IDs, paths, or latest) as one, and what was published in 2021 where it is wanted.

    Raises BadInput where there is nothing, where a run is being executed, where a measurement comes twice, and where
    results of one environment and machine were not measured alike, unless that is allowed; BadDocument where a document
    of theirs is unusable.
    """
    folders = open_runs(list(names))
    parts = _parts_of(folders)
    _require_once(folders, parts)
    timed = [entry for part in parts for entry in part.timed]
    detected = [cell for part in parts for cell in part.detected]
    cells = sum(len(part.measurements) for part in parts)
    if not cells and not published:
        raise BadInput("there is nothing to merge", "name a RUN whose cells have results, or give --published")
    unlike = conflicts(_series(timed, detected), _ladders(parts))
    if unlike and not allow:
        remedy = "merge fewer runs, or set the kinds side by side, labelled, with --allow"
        raise BadInput("not comparable: " + "; ".join(unlike), remedy)
    tables = [part.rows for part in parts] + ([_published()] if published else [])
    missing = sum(len(part.planned) for part in parts) - cells
    return Merged(whole_of(tables), timed, detected, unlike, len(folders), cells, missing)


def tidy(names: Sequence[str], *, allow: bool = False) -> "DataFrame":
    """Return the tidy table of the runs. Raises as merged does."""
    return merged(names, allow=allow).frame


def _parts_of(folders: Sequence[RunFolder]) -> list[Part]:
    """Return what stays of the runs. Raises BadInput where one is being executed, before or after it was read."""
    for folder in folders:
        folder.require_idle()
    parts = list(map(part_of, folders))
    for folder in folders:
        folder.require_idle()
    return parts


def _series(timed: Iterable[Timed], detected: Iterable[Cell]) -> Iterator[Series]:
    yield from grouped((entry.series, entry.state, entry) for entry in timed)
    yield from by_accuracy_series(detected)


def _ladders(parts: Iterable[Part]) -> Ladders:
    ladders: Ladders = {}
    for part in parts:
        timed = [(entry.series, entry.steps) for entry in part.timed]
        add_ladders(ladders, [*timed, *((shared(cell), steps_of(cell.job)) for cell in part.detected)])
    return ladders


def _require_once(folders: Sequence[RunFolder], parts: Sequence[Part]) -> None:
    """Raise BadInput where a measurement comes twice: a copy of a run is not taken for a repeat."""
    first_of: dict[Measurement, RunFolder] = {}
    for folder, part in zip(folders, parts, strict=True):
        for measurement in part.measurements:
            first = first_of.setdefault(measurement, folder)
            if first is not folder:
                raise BadInput(
                    f"{folder.path} holds the measurement {measurement.cell} that {first.path} holds already",
                    "name each run once",
                )


def _published() -> Tidy:
    rows = Rows()
    for labels, figures in published_cells():
        rows.add(labels, figures)
    return rows.tidy()
