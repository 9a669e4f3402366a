"""What an iteration is made of: the figure of each stage, and of the call that the latency is of, over processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from harness.analysis.uncertainty import Interval, median_interval
from runner.contract import Stages, StageTimes
from runner.contract.inside import OUTSIDE, STAGES

#: The name of the figure that stands for all stages within the call of the model.
CALL = "call"


@dataclass(frozen=True)
class StageFigure:
    """A stage in ms: the median over iterations, the mean of that over processes, and the CPU time likewise.

    low_ms and high_ms span the processes' 95 % intervals, None where one has too few iterations. mean_ms is the mean
    over all iterations, so that those of stages sum up, and `share` its share of the whole iteration.
    """

    name: str
    ms: float
    low_ms: float | None
    high_ms: float | None
    cpu_ms: float
    mean_ms: float
    share: float


@dataclass(frozen=True)
class StageFigures:
    """The stages of a model in their order, its call, and what share of their iteration the stages sum to, from..to."""

    stages: list[StageFigure]
    call: StageFigure
    iterations: int
    summed: tuple[float, float]


def stage_figures(processes: Sequence[Stages]) -> StageFigures | None:
    """Return the figures over the processes of a model, None where no iteration was looked at."""
    processes = [each for each in processes if each.wall_ms]
    if not processes:
        return None
    whole = fmean(ms for each in processes for ms in np.sum([_times(stage) for stage in each.stages], axis=0))
    seen = {stage.name for each in processes for stage in each.stages}
    by_name = {name: [_of(each, {name}) for each in processes] for name in STAGES if name in seen}
    inside = seen.difference(OUTSIDE)
    return StageFigures(
        stages=[_figure(name, series, whole) for name, series in by_name.items()],
        call=_figure(CALL, [_of(each, inside) for each in processes], whole),
        iterations=sum(len(each.wall_ms) for each in processes),
        summed=_summed(processes),
    )


def _times(stage: StageTimes) -> list[float]:
    """Return the device's time where there is one, wall time else, as a latency is told."""
    return stage.wall_ms if stage.device_ms is None else stage.device_ms


_Series = tuple[np.ndarray, np.ndarray]


def _of(stages: Stages, names: set[str]) -> _Series:
    """Return the times and the CPU times of some stages together, (iterations,) each."""
    nothing = np.zeros(len(stages.wall_ms))
    chosen = [stage for stage in stages.stages if stage.name in names]
    times = [np.asarray(_times(stage)) for stage in chosen]
    cpu = [np.asarray(stage.cpu_ms) for stage in chosen]
    return np.sum([nothing, *times], axis=0), np.sum([nothing, *cpu], axis=0)


def _figure(name: str, processes: Sequence[_Series], whole: float) -> StageFigure:
    intervals: list[Interval | None] = [median_interval(times) for times, _ in processes]
    known = [each for each in intervals if each]
    sure = len(known) == len(processes)
    mean = float(np.concatenate([times for times, _ in processes]).mean())
    return StageFigure(
        name=name,
        ms=fmean(float(np.median(times)) for times, _ in processes),
        low_ms=min(each.low_ms for each in known) if sure else None,
        high_ms=max(each.high_ms for each in known) if sure else None,
        cpu_ms=fmean(float(np.median(cpu)) for _, cpu in processes),
        mean_ms=mean,
        share=mean / whole if whole else 0.0,
    )


def _summed(processes: Sequence[Stages]) -> tuple[float, float]:
    shares = np.concatenate(
        [np.sum([stage.wall_ms for stage in each.stages], axis=0) / np.asarray(each.wall_ms) for each in processes]
    )
    return float(shares.min()), float(shares.max())
