"""Every sample of every cell, packed for the page: columns of short numbers that its script makes into rows."""

from collections.abc import Sequence
from typing import TypedDict

from harness.analysis.timings import Timing, latencies
from harness.report.page import findings
from runner.contract import Latency
from runner.contract.statistics import times_ms


class Packed(TypedDict):
    """The samples of one cell as columns: ms to four significant digits, the start in whole ms, warm-up as 0 and 1."""

    series: int
    label: str
    ms: list[float]
    start: list[int]
    detections: list[int]
    warmup: list[int]


class ModelSamples(TypedDict):
    """The cells of one model, and the titles of its three charts."""

    model: str
    titles: dict[str, str]
    cells: list[Packed]


def samples_by_model(timings: Sequence[Timing]) -> list[ModelSamples]:
    """Return the samples, the model of the first timing first. Each title speaks of the model's first series."""
    by_model: dict[str, list[Timing]] = {}
    for timing in timings:
        by_model.setdefault(timing.model.display, []).append(timing)
    return [
        ModelSamples(model=display, titles=_titles(alike), cells=[packed for each in alike for packed in _packed(each)])
        for display, alike in by_model.items()
    ]


def _titles(timings: list[Timing]) -> dict[str, str]:
    first = timings[0]
    where = f" ({first.label})" if len(timings) > 1 else ""
    return {
        "spread": findings.spread(first) + where,
        "drift": findings.drift(first) + where,
        "by-detections": findings.by_detections(first) + where,
    }


def _packed(timing: Timing) -> list[Packed]:
    repeated = len(timing.cells) > 1
    return [
        _pack(timing.number, timing.label + (f", repeat {number}" if repeated else ""), latency)
        for number, latency in enumerate(latencies(timing.cells), 1)
    ]


def _pack(series: int, label: str, latency: Latency) -> Packed:
    samples = latency.samples
    return Packed(
        series=series,
        label=label,
        ms=[float(f"{ms:.4g}") for ms in times_ms(samples)],
        start=[round(ms) for ms in samples.start_ms],
        detections=samples.detections,
        warmup=[int(phase == "warmup") for phase in samples.phase],
    )
