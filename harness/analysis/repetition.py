"""A published column beside its repetition: what is equal, and what carries over to other hardware."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import fmean, geometric_mean

from harness.analysis.labels import labels_of
from harness.analysis.naming import UNMEASURED, computing_name, hardware_name
from harness.analysis.pins import pinned
from harness.analysis.series import Series, State, accuracy_series, grouped, latency_series, state_of
from harness.analysis.uncertainty import Interval, latency_interval
from harness.analysis.verdicts import Verdict, verdict_on
from harness.catalogue.columns import MACHINES, MAP, environment_of, protocol_of, published_of
from harness.catalogue.published import accuracy
from harness.documents.run_folder import Cell
from harness.documents.scores import ApInterval, Score
from harness.errors import BadInput
from runner.contract import BoxRule, Job, Result
from runner.contract.processes import over_processes
from runner.contract.statistics import summarise


@dataclass(frozen=True)
class LatencyRow:
    """A model of a latency column: its means in ms, and measured / published as `ratio`.

    A relative figure is the mean over the geometric mean of its column, of the models that both columns have, and
    `relative_ratio` the measured one over the published one. `interval` is the measured figure's, of its one process or
    over its `processes`; None where there are too few independent samples.
    """

    builder: str
    published_ms: float
    measured_ms: float
    interval: Interval | None
    processes: int
    ratio: float
    published_relative: float
    measured_relative: float
    relative_ratio: float
    verdict: Verdict


@dataclass(frozen=True)
class ApRow:
    """A model of the accuracy column: AP of boxes in percent, cut to integers as in 2021 and beside it of float boxes.

    The interval is one of `measured_ap`, 0 to 1 as it was scored.
    """

    builder: str
    published_ap: float
    measured_ap: float
    difference: float
    interval: ApInterval | None
    float_ap: float
    verdict: Verdict


@dataclass(frozen=True)
class Reproduction:
    """A published column beside its repetition, a row for each model that has a figure.

    `not_comparable` says why no verdict can be given, where none can.
    """

    column: str
    environment: str
    machine: str
    same_machine: bool
    published_software: bool
    not_comparable: str | None
    latency: list[LatencyRow] = field(default_factory=list)
    ap: list[ApRow] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether the published figures themselves can be expected here, not only their relations."""
        return self.same_machine and self.published_software


def repeats(column: str, cells: Iterable[Cell], image: str | None) -> list[Cell]:
    """Return the cells that repeat the column, of the environment `image` where one is named, else of the column's own.

    Raises BadInput where there is none, or where they are of several environments and none is the column's.
    """
    every = [cell for cell in cells if _repeats(column, cell.job) and image in (None, cell.job.environment)]
    repeating = [cell for cell in every if cell.job.environment == environment_of(column).name] or every
    stacks = list(dict.fromkeys(cell.job.environment for cell in repeating))
    if not repeating:
        where = f" in {image}" if image else ""
        raise BadInput(
            f"the run repeats nothing of the column {column}{where}", f"run: harness reproduce --column {column}"
        )
    if len(stacks) > 1:
        raise BadInput(
            f"the run repeats the column {column} in {' and '.join(stacks)}", "name one of them with --image"
        )
    return repeating


def _repeats(column: str, job: Job) -> bool:
    """Tell whether the job is of the column's recipe, one of its models and, where it detects, in its images."""
    dataset = job.dataset.name if job.dataset else None
    fed = dataset == (accuracy().dataset if column == MAP else None)
    return fed and job.protocol.name == protocol_of(column) and job.model.builder in published_of(column)


def compare(column: str, cells: list[Cell]) -> Reproduction:
    """Put the cells that repeat a column beside it. Raises BadInput where they were not measured alike."""
    _require_alike(column, cells)
    known = [each for each in map(pinned, cells) if each is not None]
    environment = cells[0].job.environment
    own = environment.partition(":")[0] == environment_of(column).name
    reproduction = Reproduction(
        column=column,
        environment=environment,
        machine=next((hardware_name(cell.result) for cell in cells if cell.result.hardware), UNMEASURED),
        same_machine=any(_is_the_column_s(column, cell.result) for cell in cells),
        published_software=own and bool(known) and all(known),
        not_comparable=None,
    )
    reproduction = replace(reproduction, not_comparable=_not_comparable(reproduction, cells))
    if column == MAP:
        return replace(reproduction, ap=_ap_rows(reproduction, cells))
    return replace(reproduction, latency=_latency_rows(reproduction, cells))


def _is_the_column_s(column: str, result: Result) -> bool:
    name = computing_name(result)
    if column == MAP or name is None or result.hardware is None:
        return False
    return MACHINES[column].is_this(name, result.hardware.usable_cores)


def _require_alike(column: str, cells: list[Cell]) -> None:
    measured: list[tuple[Series, State | None, Cell]] = []
    for cell in cells:
        series = accuracy_series(cell) or latency_series(cell)
        if state := state_of(cell):
            measured.append((series, state, cell))
    kinds = labels_of(list(grouped(measured)))
    if len(kinds) > 1:
        raise BadInput(
            f"what repeats the column {column} was not measured alike: {' | '.join(kinds.values())}",
            "set the kinds side by side: harness merge RUN --allow -o DIR",
        )


def _not_comparable(reproduction: Reproduction, cells: list[Cell]) -> str | None:
    job = cells[0].job
    if job.model.weights.kind != "pretrained":
        return f"{job.model.weights.kind} weights do other work than the pretrained ones of the published figures"
    if job.dataset is not None:
        whole = accuracy().images
        return None if len(job.dataset.ids) == whole else f"the published AP are of all {whole} images"
    alone = len({cell.job.model.builder for cell in cells if cell.result.latency}) == 1
    return "one model alone stands in no relation to others" if alone and not reproduction.exact else None


def _latency_rows(reproduction: Reproduction, cells: list[Cell]) -> list[LatencyRow]:
    by_builder: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.result.latency:
            by_builder[cell.job.model.builder].append(cell)
    if not by_builder:
        return []
    figures = published_of(reproduction.column)
    measured = {
        builder: fmean(summarise(cell.result.latency).mean_ms for cell in repeats if cell.result.latency)
        for builder, repeats in by_builder.items()
    }
    middle = geometric_mean(measured.values())
    middle_published = geometric_mean([figures[builder] for builder in measured])
    return [
        _latency_row(reproduction, repeats, figures[builder], middle_published, measured[builder], middle)
        for builder, repeats in by_builder.items()
    ]


def _latency_row(
    reproduction: Reproduction,
    repeats: list[Cell],
    published: float,
    middle_published: float,
    measured: float,
    middle: float,
) -> LatencyRow:
    ratio, relative_ratio = measured / published, (measured / middle) / (published / middle_published)
    interval = _interval(repeats)
    ends = (interval.low_ms / measured, interval.high_ms / measured) if interval else None
    if reproduction.not_comparable:
        verdict: Verdict = "not comparable"
    else:
        verdict = verdict_on(ratio if reproduction.exact else relative_ratio, ends, exact=reproduction.exact)
    return LatencyRow(
        builder=repeats[0].job.model.builder,
        published_ms=published,
        measured_ms=measured,
        interval=interval,
        processes=len(repeats),
        ratio=ratio,
        published_relative=published / middle_published,
        measured_relative=measured / middle,
        relative_ratio=relative_ratio,
        verdict=verdict,
    )


def _interval(repeats: list[Cell]) -> Interval | None:
    """Return the 95 % interval of the mean: of the one process itself, else over processes."""
    measured = [cell.result.latency for cell in repeats if cell.result.latency]
    if len(measured) == 1:
        return latency_interval(measured[0], "mean")
    means = [summarise(latency).mean_ms for latency in measured]
    factor = over_processes(means).factor
    return None if factor is None else Interval(fmean(means) / factor, fmean(means) * factor)


def _ap_rows(reproduction: Reproduction, cells: list[Cell]) -> list[ApRow]:
    figures = published_of(MAP)
    rows = []
    for cell in cells:
        by_rule: dict[BoxRule, Score] = {}
        if cell.scores:
            by_rule = {score.box_rule: score for score in cell.scores.scores if score.iou == "bbox"}
        if by_rule:
            published = figures[cell.job.model.builder]
            rows.append(_ap_row(reproduction, cell, published, by_rule["truncate-int"], by_rule["float"]))
    return rows


def _ap_row(reproduction: Reproduction, cell: Cell, published: float, cut: Score, whole: Score) -> ApRow:
    """Return the row of scores by both box rules, `cut` to integers and `whole`."""
    measured, interval = 100 * cut.metrics["AP"], cut.interval
    if reproduction.not_comparable or interval is None:
        verdict: Verdict = "not comparable"
    else:
        within = 100 * interval.low <= published <= 100 * interval.high
        verdict = "reproduced" if within else "not reproduced"
    return ApRow(
        builder=cell.job.model.builder,
        published_ap=published,
        measured_ap=measured,
        difference=measured - published,
        interval=interval,
        float_ap=100 * whole.metrics["AP"],
        verdict=verdict,
    )
