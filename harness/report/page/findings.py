"""What the figures say, in a sentence: the titles of the page and of its charts."""

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from harness.analysis.content import content_figures
from harness.analysis.frontier import Placed
from harness.analysis.huber import Slope
from harness.analysis.ratios import Multiples
from harness.analysis.timings import Timing, latencies
from harness.catalogue import detector
from harness.documents.run_folder import Cell
from harness.documents.scores import Score
from harness.report.page.figures import listed, significant, times
from harness.text import count, percent
from runner.contract.statistics import measured_ms


def headline(cells: Sequence[Cell], timings: Sequence[Timing]) -> str:
    """Return the sentence that stands above everything: what is fastest, else most accurate, else that nothing is."""
    if timings:
        return fastest(timings)
    scored = [
        (score, cell)
        for cell in cells
        if cell.scores and cell.job.model.weights.kind != "random"
        for score in cell.scores.scores
        if score.iou == "bbox" and score.metrics["AP"] >= 0
    ]
    if scored:
        return _most_accurate(scored)
    statuses = Counter(cell.result.status.replace("_", " ") for cell in cells)
    counts = [f"{count(number, 'cell')} {status}" for status, number in statuses.items()]
    return f"No latency was measured: {listed(counts)}"


def _most_accurate(scored: Sequence[tuple[Score, Cell]]) -> str:
    """Say which model has the highest AP of boxes, and of the same images whose interval overlaps that, if one does."""
    (score, best), *others = sorted(scored, key=lambda pair: pair[0].metrics["AP"], reverse=True)
    where = f" on {best.job.dataset.name}" if best.job.dataset else ""
    for other, cell in others:
        is_rival = cell.job.dataset == best.job.dataset and cell.job.model.builder != best.job.model.builder
        if is_rival and score.interval and other.interval and other.interval.high >= score.interval.low:
            figures = f"{_ap(score)}, {display(cell)} {_ap(other)}"
            return f"{display(best)} has the highest AP, but not beyond doubt: {figures}{where}"
    return f"{display(best)} has the highest AP: {100 * score.metrics['AP']:.1f} %{where}"


def _ap(score: Score) -> str:
    span = f" ({100 * score.interval.low:.1f} to {100 * score.interval.high:.1f})" if score.interval else ""
    return f"{100 * score.metrics['AP']:.1f} %{span}"


def fastest(timings: Sequence[Timing]) -> str:
    """Say which model is fastest, how fast, and how much faster than the slowest of its series; pinned ones first.

    Where another's interval overlaps its own, that one is said in place of the slowest.
    """
    best, *others = sorted(timings, key=lambda timing: (not timing.series.pinned, timing.ms))
    where = f" ({best.label})" if any(timing.number != best.number for timing in others) else ""
    if rivals := [timing for timing in others if timing.number == best.number]:
        return _ahead(f"{best.model.display} is fastest", best, rivals, lambda timing: timing.model.display) + where
    elsewhere = [each for each in others if each.model == best.model and each.series.pinned == best.series.pinned]
    if elsewhere:
        said = f"{best.model.display} is fastest in {best.label}"
        return _ahead(said, best, elsewhere, lambda timing: f"in {timing.label}")
    return f"{best.model.display} takes {significant(best.ms)} ms{where}"


def _ahead(said: str, best: Timing, others: Sequence[Timing], name: Callable[[Timing], str]) -> str:
    """Go on with what is `said` of the best: how far it is ahead of the others, in order, or that it may not be."""
    close = next((other for other in others if not best.is_surely_faster_than(other)), None)
    if close:
        return f"{said}, but not beyond doubt: {_with_span(best)}, {name(close)} {_with_span(close)}"
    ratio = times(others[-1].ms / best.ms)
    return f"{said}: {significant(best.ms)} ms, {ratio} faster than {name(others[-1])}"


def _with_span(timing: Timing) -> str:
    low, high = timing.span_ms
    return f"{significant(timing.ms)} ms ({significant(low)} to {significant(high)})"


def frontier(points: Sequence[Placed]) -> str:
    """Say which models no other of their series beats, in the series that has most models."""
    most = Counter(point.timing.number for point in points).most_common(1)[0][0]
    series = [point for point in points if point.timing.number == most]
    best = sorted((p for p in series if p.on_frontier), key=lambda point: point.timing.ms)
    names = [point.timing.model.display for point in best]
    where = f" ({series[0].timing.label})" if len(series) < len(points) else ""
    if len(series) == 1:
        return f"{names[0]} has an AP of {best[0].ap:.1f} % at {significant(best[0].timing.ms)} ms{where}"
    if len(names) == len(series):
        return f"Each of these {len(names)} models buys accuracy with time{where}"
    return f"No model is both faster and more accurate than {listed(names, 'or')}{where}"


def compared(comparison: Multiples) -> str:
    """Say how each other series compares with the reference, by the geometric mean of its ratios, and how surely."""
    models = Counter(ratio.timing.label for ratio in comparison.ratios)
    sure = Counter(ratio.timing.label for ratio in comparison.ratios if ratio.is_sure)
    reference = comparison.reference.label
    said = [
        f"{label} takes {significant(mean)} times as long as {reference}{_of(models[label], sure[label])}"
        for label, mean in sorted(comparison.means.items(), key=lambda pair: pair[1])
    ]
    return "; ".join(said if len(said) <= 2 else [said[0], said[-1]])


def _of(models: int, sure: int) -> str:
    """Say of how many models a mean is, and how many of them differ beyond doubt."""
    if models == 1:
        return "" if sure else ", but not beyond doubt"
    differ = f"{sure or 'none'} {'differ' if sure > 1 else 'differs'}"
    doubt = "" if sure == models else f", of which {differ} beyond doubt"
    return f" (geometric mean of {models} models{doubt})"


def spread(timing: Timing) -> str:
    """Say how far the samples of a timing lie apart and what the first inference took."""
    values = [ms for latency in latencies(timing.cells) for ms in measured_ms(latency)]
    low, high = np.percentile(values, [5, 95])
    first = latencies(timing.cells)[0].samples.wall_ms[0] / median(values)
    return (
        f"{timing.model.display}: nine of ten samples took {significant(low)} to {significant(high)} ms, "
        f"the first inference {significant(first, 2)} times the median"
    )


def drift(timing: Timing) -> str:
    """Say whether the measured samples of a timing became slower: its second half beside its first."""
    values = measured_ms(latencies(timing.cells)[0])
    half = len(values) // 2
    if half == 0:
        return f"{timing.model.display}: one sample was measured"
    change = median(values[half:]) / median(values[:half]) - 1
    direction = "slower" if change > 0 else "faster"
    if abs(change) < 0.005:
        return f"{timing.model.display}: the second half of the samples was as fast as the first"
    by = percent(abs(change), 1)
    return f"{timing.model.display}: the second half of the samples was {by} {direction} than the first"


def by_detections(timing: Timing) -> str:
    """Say how latency changes with the number of detections, where it is seen to."""
    name, figures = timing.model.display, content_figures(latencies(timing.cells))
    least, most = figures.ranges["detections"]
    if least == most:
        return f"{name}: {least:g} detections in every image"
    line = figures.slopes.get("detections")
    return f"{name}: {figures.missing['detections'] if line is None else _cost(line)}"


def costs(lines: Sequence[tuple[Timing, Slope]]) -> str:
    """Say in which model a detection takes longest, and shortest, of those whose latency is seen to follow them."""
    surely = [pair for pair in lines if pair[1].low > 0]
    if not surely:
        return "No latency is seen to grow with the number of detections"
    by_cost = sorted(surely, key=lambda pair: pair[1].value)
    several = len({timing.number for timing, _ in lines}) > 1
    told = [
        f"{significant(line.value, 2)} ms each in {timing.model.display}{f' ({timing.label})' if several else ''}"
        for timing, line in ([by_cost[-1], by_cost[0]] if len(by_cost) > 1 else by_cost)
    ]
    # Of many intervals at 95 % some miss 0 by chance, so it is said of how many they are.
    where = f" in {len(surely)} of {count(len(lines), 'line')}" if len(surely) < len(lines) else ""
    return f"Latency is seen to grow with detections{where}: {' and '.join(told)}"


def _cost(line: Slope) -> str:
    if line.low <= 0 <= line.high:
        return "latency is not seen to follow the number of detections"
    change, ends = ("longer" if line.value > 0 else "shorter"), sorted(abs(end) for end in (line.low, line.high))
    low, high = (significant(end, 2) for end in ends)
    return f"{significant(abs(line.value), 2)} ms {change} with each detection ({low} to {high})"


def display(cell: Cell) -> str:
    """Return the model's name as a person reads it; one that the catalogue lacks keeps its builder's."""
    return detector(cell.job.model.builder).display
