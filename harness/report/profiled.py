"""What the profiles of a report's cells explain: of each model, the slowest series beside the fastest."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from harness.analysis.explaining import explained
from harness.analysis.labels import labels_of
from harness.analysis.series import grouped, latency_series, state_of
from harness.catalogue import detectors
from harness.documents.explanation import Explanation
from harness.documents.run_folder import Cell
from harness.report.explained import drawing
from runner.contract import Profile


class Slower(NamedTuple):
    """Why the slowest series of a model takes longer than the fastest, and both profiles as one flame graph."""

    explanation: Explanation
    drawing: str


def slower(cells: Sequence[Cell]) -> Iterator[Slower]:
    """Yield it of each model that two series, or more, have a profile of."""
    known = [cell for cell in cells if _profile(cell)]
    for model in detectors(cell.job.model.builder for cell in known):
        of_model = [cell for cell in known if cell.job.model.builder == model.builder]
        by_series = grouped((latency_series(cell), state_of(cell), cell) for cell in of_model)
        own = {series: alike[0] for series, alike in by_series.items()}
        if len(own) < 2:
            continue
        labels = labels_of(list(own))
        fast, *_, slow = sorted(own, key=lambda series: _ms(own[series]))
        first, second = _profile(own[fast]), _profile(own[slow])
        if first and second:
            found = explained((labels[fast], labels[slow]), own[fast].result, own[slow].result, model.display)
            yield Slower(found, drawing(found, first, second))


def _profile(cell: Cell) -> Profile | None:
    profile = cell.result.latency.profile if cell.result.latency else None
    return profile if profile and profile.wall_ms else None


def _ms(cell: Cell) -> float:
    profile = _profile(cell)
    return median(profile.wall_ms) if profile else 0.0
