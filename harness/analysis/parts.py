"""What a merge keeps of a run when the samples of its cells have gone: a run of thousands fits in memory."""

from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from harness.analysis.tidy import EMPTY, Rows
from harness.analysis.tidy_rows import figures, labels
from harness.analysis.timed import Timed, timed
from harness.documents.run_folder import Cell, RunFolder
from runner.contract.statistics import summarise


class Measurement(NamedTuple):
    """What a measurement is known by: the machine, None where it is not known, the cell, and when it began."""

    host: str | None
    cell: str
    started_at: str


@dataclass
class Part:
    """The tidy rows of a run and what its wide tables need. `planned` counts its cells, those without result too."""

    planned: int
    rows: pa.Table
    seen: list[Measurement] = field(default_factory=list)
    timed: list[Timed] = field(default_factory=list)
    detected: list[Cell] = field(default_factory=list)


def part_of(folder: RunFolder) -> Part:
    """Read a run. Raises BadDocument where a document of it is unusable."""
    part, rows = Part(sum(cell.job.shard is None for cell in folder.plan.cells), EMPTY), Rows()
    for cell in folder.stream():
        summary = summarise(cell.result.latency) if cell.result.latency else None
        rows.add(labels(cell), figures(cell, summary))
        part.seen.append(
            Measurement(cell.execution.host.id if cell.execution else None, cell.job.cell, cell.result.started_at)
        )
        if cell.job.suite == "latency":
            part.timed.append(timed(cell, summary))
        else:
            part.detected.append(cell)
    part.rows = rows.table()
    return part
