"""The table at the head of the page: a row for each timing, with all that one chooses by."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.frontier import Placed, placed
from harness.analysis.marks import Mark, marks_of
from harness.analysis.timings import Timing
from harness.catalogue.published import latency as published_latency
from harness.documents.run_folder import Cell
from harness.report.latency_columns import EFFORT, FLOPS, effort
from harness.report.page.entry import Entry
from harness.report.page.fact_columns import OF_FLOPS, fact_columns
from harness.report.page.figures import significant
from harness.text import GAP

MIB = 1 << 20


@dataclass(frozen=True)
class HeadLine:
    """A row: the label of its series, the model with its marks, and the rest, heading by heading."""

    label: str
    model: Entry
    marks: list[Mark]
    entries: list[Entry]


@dataclass(frozen=True)
class HeadTable:
    """The table; `texts` are its headings that hold words, `numbers` those after them that hold numbers.

    `of_flops` says what operations are, where there is a column of them.
    """

    texts: list[str]
    numbers: list[str]
    lines: list[HeadLine]
    of_flops: str


def head_table(cells: Sequence[Cell], timings: Sequence[Timing], *, published: bool) -> HeadTable:
    """Return the table, fastest first. `published` adds the columns of 2021."""
    timings = sorted(timings, key=lambda timing: timing.ms)
    facts = fact_columns(timings)
    columns = list(published_latency().values()) if published else []
    percents = sorted({99.0, *(tail.percent for timing in timings for tail in timing.tails)})
    by_timing = {
        (point.timing.number, point.timing.model.builder): point
        for points in placed(timings, cells, published=published).values()
        for point in points
    }
    numbers = [
        "latency, ms",
        *(["AP of boxes, %"] if by_timing else []),
        *(f"2021: {column.hardware}, ms" for column in columns),
        *(f"p{percent:g}, ms" for percent in percents),
        *("images / s", "detections / image", "memory, MiB", EFFORT),
        *facts,
    ]
    lines = [
        HeadLine(
            label=timing.label,
            model=Entry(timing.model.display, timing.model.display),
            marks=marks_of(timing),
            entries=[
                *_who(timing),
                _latency(timing),
                *([_ap(by_timing.get((timing.number, timing.model.builder)))] if by_timing else []),
                *(_number(column.latency_ms.get(timing.model.builder)) for column in columns),
                *(_percentile(timing, percent) for percent in percents),
                *_figures(timing),
                *(entries[place] for entries in facts.values()),
            ],
        )
        for place, timing in enumerate(timings)
    ]
    return HeadTable(["environment", "hardware", "protocol"], numbers, lines, OF_FLOPS if FLOPS in facts else "")


def _who(timing: Timing) -> list[Entry]:
    series = timing.series
    return [Entry(text, text) for text in (series.environment, series.hardware, series.protocol)]


def _latency(timing: Timing) -> Entry:
    known = timing.low_ms is not None and timing.high_ms is not None
    between = f"{significant(timing.low_ms or 0)} to {significant(timing.high_ms or 0)}" if known else ""
    return Entry(significant(timing.ms), timing.ms, between)


def _percentile(timing: Timing, percent: float) -> Entry:
    """Return a percentile: with its bounds, or why there are none, where it was asked for."""
    tail = next((each for each in timing.tails if each.percent == percent), None)
    if tail is None:
        return _number(timing.p99_ms if percent == 99 else None)
    if tail.low_ms is None or tail.high_ms is None:
        return Entry(GAP, None, tail.reason or "")
    return Entry(significant(tail.ms), tail.ms, f"{significant(tail.low_ms)} to {significant(tail.high_ms)}")


def _figures(timing: Timing) -> list[Entry]:
    memory = None if timing.memory_bytes is None else timing.memory_bytes / MIB
    return [
        _number(timing.images_per_second),
        Entry(f"{timing.detections:.1f}", timing.detections),
        Entry(GAP, None) if memory is None else Entry(f"{memory:.0f}", memory),
        Entry(effort(timing), timing.processes * timing.iterations[1]),
    ]


def _number(value: float | None) -> Entry:
    return Entry(GAP, None) if value is None else Entry(significant(value), value)


def _ap(point: Placed | None) -> Entry:
    """Return an AP, with its interval, where it has one, and whose it is."""
    if point is None:
        return Entry(GAP, None)
    return Entry(f"{point.ap:.1f}", point.ap, ", ".join(filter(None, [point.between, point.source])))
