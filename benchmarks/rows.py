"""A row of the table: what is compared, within which bound, and what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from benchmarks.intervals import CONFIDENCE, Interval, median_interval

Verdict = Literal["yes", "no", "undecided", "skipped"]


class Skipped(Exception):
    """A row can't be measured on this host; the message says why."""


class Undecided(Exception):
    """A row's measurement came to no figure; the message says how far it came."""


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

    It does not hold where all of the interval lies beyond them, and is undecided where the interval encloses one of
    them. A row left undecided is measured again, up to `looks` times, and judged by the pairs of all of them. The
    figures of an `exact` row have no noise, and their ratio no interval but what they span.
    """

    name: str
    what: str
    unit: str
    measure: Callable[[], Sides]
    bound: float = 1.0
    floor: float | None = None
    looks: int = 1
    exact: bool = False

    def ratios(self, sides: Sides) -> list[float]:
        """Return ours / reference of each pair."""
        return [ours / reference for ours, reference in zip(sides.ours, sides.reference, strict=True)]

    def interval(self, sides: Sides) -> Interval:
        """Return the interval of the ratio, as wide as makes all looks together wrong in 5 % of cases (Bonferroni)."""
        ratios = self.ratios(sides)
        if self.exact:
            return Interval(min(ratios), median(ratios), max(ratios))
        return median_interval(ratios, 1 - (1 - CONFIDENCE) / self.looks)

    def verdict(self, ratio: Interval) -> Verdict:
        """Tell what the interval says of the bounds."""
        floor = float("-inf") if self.floor is None else self.floor
        if floor <= ratio.low and ratio.high <= self.bound:
            return "yes"
        return "no" if ratio.low > self.bound or ratio.high < floor else "undecided"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A row of the table and of perf.json: medians of both sides in `unit`, and the ratio with its 95 % interval.

    `note` says why a row was skipped, or how far one came that is undecided without figures, as it does where a side
    broke down, which is a no.
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
    verdict: Verdict
    note: str


def measured(row: Row) -> Outcome:
    """Measure a row and judge it."""
    try:
        sides = _decided(row)
    except Skipped as reason:
        return _without_figures(row, "skipped", f"skipped: {reason}")
    except Undecided as reason:
        return _without_figures(row, "undecided", str(reason))
    except Broken as reason:
        return _without_figures(row, "no", str(reason))
    ratio = row.interval(sides)
    return Outcome(
        name=row.name,
        what=row.what,
        unit=row.unit,
        ours=median(sides.ours),
        reference=median(sides.reference),
        ratio=ratio.median,
        low=ratio.low,
        high=ratio.high,
        floor=row.floor,
        bound=row.bound,
        pairs=len(sides.ours),
        verdict=row.verdict(ratio),
        note=sides.note,
    )


def _decided(row: Row) -> Sides:
    """Measure until the interval decides, or the row's looks are used up."""
    sides = row.measure()
    for _ in range(row.looks - 1):
        if row.verdict(row.interval(sides)) != "undecided":
            break
        more = row.measure()
        sides = Sides(sides.ours + more.ours, sides.reference + more.reference, more.note)
    return sides


def _without_figures(row: Row, verdict: Verdict, note: str) -> Outcome:
    return Outcome(
        name=row.name, what=row.what, unit=row.unit, floor=row.floor, bound=row.bound, verdict=verdict, note=note
    )
