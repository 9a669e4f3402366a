"""Where a model is faster with fewer threads than with more, which a table says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from harness.analysis.facts import FACTS
from harness.analysis.repeats import OverRepeats
from harness.analysis.series import LatencySeries
from harness.text import count

#: The figures of a series, by the names of the models; None where one was not measured.
Figures = Mapping[str, OverRepeats | None]


def notes(by_series: Mapping[LatencySeries, Figures]) -> list[str]:
    """Return a sentence for each environment and pair of numbers of threads of which the smaller is faster.

    Series that differ in more than their threads are not compared, nor a figure with one that its interval includes.
    """
    ladders: dict[LatencySeries, dict[int, Figures]] = {}
    for series, figures in by_series.items():
        threads = series.fact("threads")
        if threads is not None and threads.isdecimal():
            ladders.setdefault(_without_threads(series), {})[int(threads)] = figures
    return [note for rest, steps in ladders.items() for note in _of_ladder(rest, steps)]


def _without_threads(series: LatencySeries) -> LatencySeries:
    named = zip(FACTS, series.facts, strict=True)
    return replace(series, facts=tuple(None if fact.name == "threads" else value for fact, value in named))


def _of_ladder(series: LatencySeries, steps: Mapping[int, Figures]) -> Iterator[str]:
    names: dict[tuple[int, int], list[str]] = {}
    for name in dict.fromkeys(name for figures in steps.values() for name in figures):
        timed = {threads: figure for threads in sorted(steps) if (figure := steps[threads].get(name))}
        if len(timed) > 1:
            best, most = min(timed, key=lambda threads: timed[threads].ms), max(timed)
            if best < most and _apart(timed[best], timed[most]):
                names.setdefault((best, most), []).append(name)
    for (best, most), models in names.items():
        yield f"{series.environment}: faster with {count(best, 'thread')} than with {most}: {', '.join(models)}"


def _apart(fast: OverRepeats, slow: OverRepeats) -> bool:
    """Tell whether the intervals of two figures have nothing in common, as far as both are known."""
    if fast.high_ms is None or slow.low_ms is None:
        return fast.ms < slow.ms
    return fast.high_ms < slow.low_ms
