"""What a merge keeps of a run when the samples of its cells have gone: a run of thousands fits in memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harness.analysis.timed import Timed
from harness.documents.run_folder import Cell

if TYPE_CHECKING:  # which takes Arrow
    from harness.analysis.tidy import Tidy


class Measurement(NamedTuple):
    """What a measurement is known by: the machine, None where it is not known, the cell, and when it began."""

    host: str | None
    cell: str
    started_at: str


@dataclass(frozen=True)
class Part:
    """The tidy rows of a run and what its wide tables need. `planned` names its cells, those without result too."""

    planned: list[str]
    rows: "Tidy"
    measurements: list[Measurement]
    timed: list[Timed]
    detected: list[Cell]
