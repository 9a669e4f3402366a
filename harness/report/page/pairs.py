"""Two series beside each other: what `compare` says of the page's series, pair by pair, worked out as it is built."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypedDict

from harness.analysis import comparison
from harness.analysis.comparison import Asked
from harness.analysis.process import Process, Processes
from harness.analysis.series import Series, shared
from harness.analysis.timings import Timing
from harness.documents.agreement import Agreement
from harness.documents.comparison import Comparison, ModelComparison, SideName
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.report.comparison import comparison_tables, headline
from harness.report.table import Form, Table

#: A page has the verdicts of so many pairs at most, those first whose series differ in their environment alone.
MOST_PAIRS = 200


class PairTable(TypedDict):
    """A table as the page's script shows it; `figures` says which columns hold some."""

    title: str
    headings: list[str]
    figures: list[bool]
    rows: list[list[str]]
    notes: list[str]


class SeriesPair(TypedDict):
    """Two series by their numbers, the first one as A: what was found, or the reason why nothing can be compared."""

    a: int
    b: int
    reason: str
    headline: str
    tables: list[PairTable]


def compared_pairs(cells: Sequence[Cell], timings: Sequence[Timing]) -> list[SeriesPair]:
    """Return what is said of the pairs of series. Raises BadDocument where a sample is no duration."""
    series = {timing.number: timing for timing in reversed(timings)}
    pairs = list(combinations(sorted(series), 2))
    if not pairs:
        return []
    pairs.sort(key=lambda pair: len({series[number].series.without_stack for number in pair}))
    processes, passes = _processes(timings), _Passes(cells, timings)
    return [_pair(series[a], series[b], processes, passes) for a, b in pairs[:MOST_PAIRS]]


def _processes(timings: Sequence[Timing]) -> dict[int, list[Process]]:
    """Return the processes of each series, by its number."""
    made = Processes()
    by_series: dict[int, list[Process]] = {}
    for timing in timings:
        known = (made.of(cell, cell.run) for cell in timing.cells)
        by_series.setdefault(timing.number, []).extend(each for each in known if each)
    return by_series


class _Passes:
    """What is known of the detections of series beside those of others."""

    def __init__(self, cells: Sequence[Cell], timings: Sequence[Timing]):
        self._agreements = {(timing.number, timing.model.builder): timing.agreement for timing in timings}
        self._detecting = {_name(cell): shared(cell).detecting for cell in cells if cell.result.detections}

    def of(self, found: Comparison, a: Series, b: int) -> Iterator[ModelComparison]:
        """Yield the models, with the verdict on B's detections where those that they were compared with are A's."""
        for each in found.models:
            agreement = self._agreements.get((b, each.model))
            if agreement and self._detecting.get(_reference(agreement)) == a.detecting:
                yield each.detecting(agreement)
            else:
                yield each


def _name(cell: Cell) -> tuple[str, str]:
    return cell.run.rpartition("/")[2], cell.job.cell


def _reference(agreement: Agreement) -> tuple[str, str]:
    return agreement.reference.run, agreement.reference.cell


def _pair(a: Timing, b: Timing, processes: dict[int, list[Process]], passes: _Passes) -> SeriesPair:
    names = SideName(a.label), SideName(b.label)
    try:
        found = comparison.compare(names, processes[a.number], processes[b.number], [], Asked())
    except BadInput as error:
        return SeriesPair(a=a.number, b=b.number, reason=_sentence(error), headline="", tables=[])
    found = replace(found, models=list(passes.of(found, a.series, b.number)))
    tables = [_table(each.of(Form.LONG)) for each in comparison_tables(found)]
    return SeriesPair(a=a.number, b=b.number, reason="", headline=headline(found), tables=tables)


def _sentence(error: BadInput) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def _table(table: Table) -> PairTable:
    return PairTable(
        title=table.headline,
        headings=table.headings,
        figures=[False, *(column.kind == "figures" for column in table.columns[1:])],
        rows=table.rows,
        notes=table.notes,
    )
