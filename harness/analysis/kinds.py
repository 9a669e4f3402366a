"""What the cells of a kind have in common, made of the first of them: among thousands of cells there are few kinds."""

from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

from harness.analysis.design import LineDesign, design_of
from harness.analysis.tidy_figure import Labels
from harness.analysis.tidy_rows import labels
from harness.analysis.timed import Timed, timed
from harness.analysis.visits import Layout, Visits
from harness.documents import Execution
from harness.documents.run_folder import Cell
from runner.contract import Job, Latency, Result

#: What the cells of a kind may differ in: the fields of each document that nothing here is made of.
OWN: dict[type, set[str]] = {
    Job: {"cell", "repeat"},
    Result: {"job", "started_at", "finished_at", "latency", "detections", "memory", "cpu_supply"},
    Execution: {"cell", "exit_code", "timed_out", "out_of_memory", "wall_seconds", "container_id", "waited_seconds"},
}
_common = {
    kind: attrgetter(*(field.name for field in fields(kind) if field.name not in own)) for kind, own in OWN.items()
}


class CellKind(NamedTuple):
    """The labels of a cell without what is its own, and what the latency table needs of it without its figures."""

    labels: Labels
    timed: Timed | None


class CellKinds:
    """The kinds of the cells that were read."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, ...], tuple[tuple[Any, ...], CellKind]] = {}

    def of(self, cell: Cell) -> CellKind:
        """Return the kind of the cell: that of the latest one of its model and environment, if they are alike."""
        where, setting = _place(cell.job), _setting(cell)
        known = self._latest.get(where)
        if known is None or known[0] != setting:
            known = self._latest[where] = (setting, _kind(cell))
        return known[1]


class Sights:
    """What the cells that were read were shown, as their figures take it: mostly the same pictures in the same order.

    Of each model and environment the latest is known, and taken again where another cell was shown the same.
    """

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self._designs: dict[tuple[str, ...], LineDesign] = {}

    def visits(self, cell: Cell) -> Visits | None:
        """Return the samples of the cell by the pictures that they are of, None where it has none."""
        latency, where = cell.result.latency, _place(cell.job)
        if latency is None:
            return None
        visits = Visits(latency.samples, self._layouts.get(where))
        self._layouts[where] = visits.layout
        return visits

    def design(self, cell: Cell) -> LineDesign | None:
        """Return what lines over its pictures go through, None where nobody looked at what they hold."""
        latency, where = cell.result.latency, _place(cell.job)
        if latency is None or latency.contents is None:
            return None
        known = self._designs.get(where)
        if known is None or not known.shown.is_of([latency]):
            known = self._designs[where] = design_of([latency])
        return known


def _place(job: Job) -> tuple[str, ...]:
    return (job.environment, job.device, job.suite, job.model.builder)


def _kind(cell: Cell) -> CellKind:
    return CellKind(labels(cell), timed(cell, None, ()) if cell.job.suite == "latency" else None)


def _setting(cell: Cell) -> tuple[Any, ...]:
    """Return everything that a kind is made of."""
    result, execution, latency, supply = cell.result, cell.execution, cell.result.latency, cell.result.cpu_supply
    return (
        cell.run,
        cell.agreement,
        _common[Job](cell.job),
        _common[Result](result),
        _common[Execution](execution) if execution else None,
        _timed_as(latency) if latency else None,
        result.detections is None,
        (supply.quota_cpus, supply.missing_reason) if supply else None,
    )


def _timed_as(latency: Latency) -> tuple[Any, ...]:
    asked = (latency.planned_iterations, latency.percentile)
    return (latency.inputs, latency.stopped_by, latency.warmup, *asked)
