"""A published column beside its repetition, as a value."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from harness.analysis.repetition import ApRow, LatencyRow, Reproduction
from harness.api.run import Run
from harness.api.shown import Shown, frame_of
from harness.documents.run_folder import Cell
from harness.report.repetition import reproduction_table
from harness.text import count


@dataclass(frozen=True, repr=False, eq=False)
class Reproduced(Shown):
    """A column published in 2021 beside the run that repeats it.

    `figures` has a row for each model that has a figure. Of a latency column: builder, published_ms, measured_ms and
    its 95 % interval (low_ms, high_ms, missing where it is unknown), ratio (measured / published), the relative
    figures (each over the geometric mean of its column) with their ratio, and verdict. Of the column map: builder,
    published_ap and measured_ap in percent, difference, the interval of the measured one (low, high, 0 to 1), float_ap
    and verdict. `document` says what was compared, in what and whether the figures themselves can be expected to be
    equal (`exact`); None of a dry run. `notes` are those of the command line's table.
    """

    run: Run
    figures: pd.DataFrame
    document: Reproduction | None
    notes: list[str]

    def _title(self) -> str:
        if self.document is None:
            return f"dry run of {count(len(self.run.planned), 'cell')}"
        return f"the published column {self.document.column}, repeated in {self.document.environment}"

    def _lines(self) -> list[str]:
        return self.notes if self.document else self.run.remarks

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.figures if self.document else self.run.planned


def reproduced(run: Run, document: Reproduction | None, cells: Sequence[Cell]) -> Reproduced:
    """Return the comparison as a value."""
    rows: list[LatencyRow | ApRow] = [*document.latency, *document.ap] if document else []
    columns = [field.name for field in fields(LatencyRow) if field.name != "interval"]
    figures = frame_of(map(_flat, rows), columns)
    notes = reproduction_table(document, list(cells)).notes if document and rows else []
    return Reproduced(run, figures, document, notes)


def _flat(row: LatencyRow | ApRow) -> dict[str, Any]:
    """Return the row with its interval as two columns in its place."""
    flat = {}
    for name, value in asdict(row).items():
        if name != "interval":
            flat[name] = value
        else:
            ends = ("low_ms", "high_ms") if isinstance(row, LatencyRow) else ("low", "high")
            flat |= {end: value[end] if value else None for end in ends}
    return flat
