"""The columns of one series in the latency table: a figure with its uncertainty, and what takes more room than that."""

from collections.abc import Sequence

from harness.analysis.repeats import OverRepeats
from harness.report.table import CSV, FULL, LONG, SHOWN, Column
from harness.text import GAP

#: What "±" says, for a note.
SPREAD = "±: half the width of the 95 % interval in %, of that process alone"
SPREAD_OF_REPEATS = "±: half of what the 95 % intervals of a model's processes span, in % of their mean"
NO_SPREAD = "without ±: too few independent samples for an interval"


def figure_columns(heading: str, label: str, figures: Sequence[OverRepeats | None]) -> list[Column]:
    """Return the columns of a series: under `heading` where a title says the rest, under its whole `label` as CSV."""
    latencies = [f"{each.ms:.2f}" if each else GAP for each in figures]
    detections = [f"{each.detections:.1f}" if each else GAP for each in figures]
    efforts = [_effort(each) if each else GAP for each in figures]
    rates = [f"{each.images_per_second:.2f}" if each else GAP for each in figures]
    return [
        Column(heading, _with_spread(latencies, figures), forms=SHOWN),
        Column(f"{label} (ms)", latencies, forms=CSV),
        Column("detections / image", detections, forms=FULL),
        Column("processes \N{MULTIPLICATION SIGN} iterations", efforts, forms=LONG),
        Column("images / s", rates, forms=LONG),
    ]


def _effort(figure: OverRepeats) -> str:
    """Say how many processes measured how many iterations each."""
    least, most = figure.iterations
    each = f"{least}" if least == most else f"{least} to {most}"
    return f"{figure.processes} \N{MULTIPLICATION SIGN} {each}"


def _spread(figure: OverRepeats) -> str:
    """Return the uncertainty in words, empty where it is not known."""
    return "" if figure.spread_percent is None else f"±{figure.spread_percent:.1f} %"


def _with_spread(latencies: list[str], figures: Sequence[OverRepeats | None]) -> list[str]:
    """Return the texts with the uncertainties that are known, and without one of the same width."""
    spreads = [_spread(each) if each else "" for each in figures]
    width = max(map(len, spreads), default=0)
    return [f"{text} {spread:>{width}}" if width else text for text, spread in zip(latencies, spreads, strict=True)]


def spread_notes(figures: Sequence[OverRepeats | None]) -> list[str]:
    """Say what "±" is, and what is known where there is none."""
    measured = [each for each in figures if each]
    known = [each.processes for each in measured if each.spread_percent is not None]
    notes = [SPREAD] if 1 in known else []
    notes += [SPREAD_OF_REPEATS] if any(processes > 1 for processes in known) else []
    return notes + ([NO_SPREAD] if len(known) < len(measured) else [])
