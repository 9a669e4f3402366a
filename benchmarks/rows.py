"""A row of the table: what is compared, within which bound, and what came out."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.intervals import Interval, median_interval


class Skipped(Exception):
    """A row can't be measured on this host; the message says why."""


class Broken(Exception):
    """A side of a row did not run to its end; the message says what it left."""


@dataclass(frozen=True)
class Sides:
    """Both sides of a row, pair by pair in the row's unit, and a remark on how they were measured."""

    ours: list[float]
    reference: list[float]
    note: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A comparison. It holds where the whole interval of its ratio lies from `floor` to `bound`.

    The ratio is ours / reference; where an `allowance` is given, in the row's unit, it is
    (ours - reference) / allowance: the share of what ours may take beyond the reference.
    """

    name: str
    what: str
    unit: str
    measure: Callable[[], Sides]
    bound: float = 1.0
    floor: float | None = None
    allowance: float | None = None

    def ratios(self, sides: Sides) -> list[float]:
        """Return the ratio of each pair."""
        pairs = zip(sides.ours, sides.reference, strict=True)
        if self.allowance is None:
            return [ours / reference for ours, reference in pairs]
        return [(ours - reference) / self.allowance for ours, reference in pairs]

    def admits(self, ratio: Interval) -> bool:
        """Tell whether the whole interval lies within the bounds."""
        return ratio.high <= self.bound and (self.floor is None or ratio.low >= self.floor)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A row of the table and of perf.json: medians of both sides in `unit`, and the ratio with its 95 % interval.

    `holds` is None where the row was skipped; `note` then says why, as it does where a side broke down.
    """

    name: str
    what: str
    unit: str
    ours: float | None = None
    reference: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None
    bound: float
    pairs: int = 0
    holds: bool | None
    note: str


def measured(row: Row) -> Outcome:
    """Measure a row and judge it."""
    try:
        sides = row.measure()
    except Skipped as reason:
        return _without_figures(row, None, f"skipped: {reason}")
    except Broken as reason:
        return _without_figures(row, False, str(reason))
    ratio = median_interval(row.ratios(sides))
    return Outcome(
        name=row.name,
        what=row.what,
        unit=row.unit,
        ours=median_interval(sides.ours).median,
        reference=median_interval(sides.reference).median,
        ratio=ratio.median,
        low=ratio.low,
        high=ratio.high,
        floor=row.floor,
        bound=row.bound,
        pairs=len(sides.ours),
        holds=row.admits(ratio),
        note=sides.note,
    )


def _without_figures(row: Row, holds: bool | None, note: str) -> Outcome:
    return Outcome(
        name=row.name, what=row.what, unit=row.unit, floor=row.floor, bound=row.bound, holds=holds, note=note
    )
