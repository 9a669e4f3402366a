"""The columns of one series in the latency table: a figure with its uncertainty, and what takes more room than that."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.analysis.timed import TimedFigures
from harness.report.table import CSV, FULL, LONG, SHOWN, Column
from harness.text import GAP

#: What "±" says, for a note.
SPREAD = "±: half the width of the 95 % interval in %, of that process alone"
SPREAD_OF_REPEATS = "±: half of what the 95 % intervals of a model's processes span, in % of their mean"
NO_SPREAD = "without ±: too few independent samples for an interval"


@dataclass(frozen=True)
class LatencyFigure:
    """One model's latency over its processes: ms, and half the width of its interval in %, None where not known."""

    ms: float
    spread_percent: float | None
    detections: float
    processes: int
    iterations: tuple[int, int]
    images_per_second: float

    @property
    def spread(self) -> str:
        """The uncertainty in words, empty where it is not known."""
        return "" if self.spread_percent is None else f"±{self.spread_percent:.1f} %"

    @property
    def effort(self) -> str:
        """How many processes measured how many iterations each."""
        least, most = self.iterations
        each = f"{least}" if least == most else f"{least} to {most}"
        return f"{self.processes} \N{MULTIPLICATION SIGN} {each}"


def figure_of(repeats: Sequence[TimedFigures]) -> LatencyFigure | None:
    """Return the figure over the processes of a model, None where none was measured."""
    if not repeats:
        return None
    ms, spread = fmean(each.ms for each in repeats), None
    lows = [each.low_ms for each in repeats if each.low_ms is not None]
    highs = [each.high_ms for each in repeats if each.high_ms is not None]
    if len(lows) == len(highs) == len(repeats):
        spread = 100 * (max(highs) - min(lows)) / 2 / ms
    iterations = [each.iterations for each in repeats]
    return LatencyFigure(
        ms=ms,
        spread_percent=spread,
        detections=fmean(each.detections for each in repeats),
        processes=len(repeats),
        iterations=(min(iterations), max(iterations)),
        images_per_second=fmean(each.images_per_second for each in repeats),
    )


def figure_columns(heading: str, label: str, figures: Sequence[LatencyFigure | None]) -> list[Column]:
    """Return the columns of a series: under `heading` where a title says the rest, under its whole `label` as CSV."""
    latencies = [f"{each.ms:.2f}" if each else GAP for each in figures]
    detections = [f"{each.detections:.1f}" if each else GAP for each in figures]
    efforts = [each.effort if each else GAP for each in figures]
    rates = [f"{each.images_per_second:.2f}" if each else GAP for each in figures]
    return [
        Column(heading, _with_spread(latencies, figures), forms=SHOWN),
        Column(f"{label} (ms)", latencies, forms=CSV),
        Column("detections / image", detections, forms=FULL),
        Column("processes \N{MULTIPLICATION SIGN} iterations", efforts, forms=LONG),
        Column("images / s", rates, forms=LONG),
    ]


def _with_spread(latencies: list[str], figures: Sequence[LatencyFigure | None]) -> list[str]:
    """Return the texts with the uncertainties that are known, and without one of the same width."""
    spreads = [each.spread if each else "" for each in figures]
    width = max(map(len, spreads), default=0)
    return [f"{text} {spread:>{width}}" if width else text for text, spread in zip(latencies, spreads, strict=True)]


def spread_notes(figures: Sequence[LatencyFigure | None]) -> list[str]:
    """Say what "±" is, and what is known where there is none."""
    measured = [each for each in figures if each]
    known = [each.processes for each in measured if each.spread]
    notes = [SPREAD] if 1 in known else []
    notes += [SPREAD_OF_REPEATS] if any(processes > 1 for processes in known) else []
    return notes + ([NO_SPREAD] if len(known) < len(measured) else [])
