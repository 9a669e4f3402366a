"""Each model's figure over the dates of runs: with its interval over processes, and where it changed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.analysis.facts import FACTS
from harness.analysis.labels import ESSENTIAL
from harness.analysis.pairing import TRAITS, trait
from harness.analysis.process import Process
from harness.analysis.ratio import Ratio, holm, p_different, unpaired, verdict
from harness.errors import BadInput
from runner.contract.processes import over_processes

#: Less than that is no change.
MARGIN = 0.03
#: How often a model that never changed may be said to have.
ERROR = 0.05


@dataclass(frozen=True)
class Point:
    """A model in a run: its figure over processes, and the ends of the 95 % interval, None of a single process.

    `change` is the ratio to all processes since the last change, None at first and where either is one process alone;
    `changed` says that it counts as one. `runner` and `image` are hashes, None where not recorded.
    """

    run: str
    began: str
    ms: float
    low_ms: float | None
    high_ms: float | None
    processes: int
    runner: str | None
    image: str | None
    change: Ratio | None
    changed: bool


@dataclass(frozen=True)
class History:
    """A model over time, of one environment, machine, protocol, weights and knobs, in words."""

    builder: str
    series: str
    points: list[Point]


@dataclass(frozen=True)
class _Measured:
    run: str
    processes: list[Process]
    logs: list[float]


def histories(runs: Sequence[tuple[str, Sequence[Process]]]) -> list[History]:
    """Return what each model took, run by run in the order of their dates. Raises BadInput where none was timed."""
    kinds: dict[tuple[str, ...], list[tuple[str, Process]]] = {}
    for label, processes in runs:
        for each in processes:
            kinds.setdefault((each.builder, *_kind(each)), []).append((label, each))
    if not kinds:
        raise BadInput("no latency was measured in these runs", "name some that were made with the suite latency")
    texts = list(zip(*kinds, strict=True))[1:]
    told = [n for n, values in enumerate(texts, 1) if len(set(values)) > 1]
    return [History(kind[0], ", ".join(kind[n] for n in told), _points(of)) for kind, of in kinds.items()]


def _kind(process: Process) -> Iterator[str]:
    """Yield what tells one history from another, in words: an environment's images are points of one."""
    for name in TRAITS:
        text = trait(process, name)
        yield text.partition(":")[0] if name == "environment" else text
    for fact, value in zip(FACTS, process.series.facts, strict=True):
        if fact.name in ESSENTIAL:
            yield fact.text(value)
    yield process.series.state or ""


def _points(of: Sequence[tuple[str, Process]]) -> list[Point]:
    """Return a point a run. Figures are over the pictures that all of its runs have, where there are any."""
    common = set.intersection(*(set(each.wall) for _, each in of))
    by_run: dict[str, list[Process]] = {}
    for run, each in of:
        by_run.setdefault(run, []).append(each)
    measured = [
        _Measured(run, alike, [fmean(each.wall[name] for name in (common or each.wall)) for each in alike])
        for run, alike in by_run.items()
    ]
    measured.sort(key=lambda each: min(one.of.started_at for one in each.processes))
    return _with_changes(measured)


def _with_changes(measured: Sequence[_Measured]) -> list[Point]:
    points: list[Point] = []
    level: list[float] = []
    for number, each in enumerate(measured):
        change = unpaired(level, each.logs) if min(len(level), len(each.logs)) > 1 else None
        changed = change is not None and _is_change(change, len(measured) - 1)
        level = each.logs if changed or not number else [*level, *each.logs]
        points.append(_point(each, change, changed=changed))
    return points


def _is_change(change: Ratio, looks: int) -> bool:
    """Tell whether a ratio is a change of the level, where so many are looked at: each by Holm's strictest step."""
    adjusted = holm([p_different(change), *[1.0] * (looks - 1)])[0]
    return adjusted < ERROR and verdict(change, MARGIN) in ("faster", "slower")


def _point(each: _Measured, change: Ratio | None, *, changed: bool) -> Point:
    over = over_processes([math.exp(log) for log in each.logs], len(each.logs))
    known, first = over.factor, each.processes[0]
    return Point(
        run=each.run,
        began=min(one.of.started_at for one in each.processes),
        ms=over.figure,
        low_ms=over.figure / known if known else None,
        high_ms=over.figure * known if known else None,
        processes=len(each.logs),
        runner=first.series.fact("runner"),
        image=first.series.fact("image"),
        change=change,
        changed=changed,
    )
