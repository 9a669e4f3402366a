"""The columns of one series in the latency table: a figure with its uncertainty, and what takes more room than that."""

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.repeats import OverRepeats
from harness.report.table import CSV, FULL, LONG, SHOWN, Column, Form
from harness.text import GAP
from runner.contract.certainty import FEWEST

#: How many processes measured how many iterations each.
EFFORT = "processes \N{MULTIPLICATION SIGN} iterations"
#: What an image takes, by torch's counter: a multiplication and an addition are two.
FLOPS = "GFLOPs / image"
#: What "±" says, for a note.
SPREAD = "±: half the width of the 95 % interval in %, of that process alone"
SPREAD_OF_REPEATS = "±: half of what the 95 % intervals of a model's processes span, in % of their mean"
SPREAD_OVER_PROCESSES = "±: half the width of the 95 % interval over a model's processes, in % of their geometric mean"
TAIL = (
    "{name}: below it lie {percent:g} % of the calls, whatever their picture, and its 95 % bounds; where they are not "
    "known, about so many iterations would do"
)
NO_SPREAD = "without ±: too few independent samples for an interval"
UNSTEADY = "without ±: no interval holds where there is no steady state"


def figure_columns(heading: str, label: str, figures: Sequence[OverRepeats | None]) -> list[Column]:
    """Return the columns of a series: under `heading` where a title says the rest, under its whole `label` as CSV."""
    latencies = [f"{each.ms:.2f}" if each else GAP for each in figures]
    detections = [f"{each.detections:.1f}" if each else GAP for each in figures]
    efforts = [effort(each) if each else GAP for each in figures]
    rates = [f"{each.images_per_second:.2f}" if each else GAP for each in figures]
    return [
        Column(heading, _with_spread(latencies, figures), forms=SHOWN),
        Column(f"{label} (ms)", latencies, forms=CSV),
        *(column for percent in _percents(figures) for column in _tail_columns(label, percent, figures)),
        Column("detections / image", detections, forms=FULL),
        Column(EFFORT, efforts, forms=LONG),
        *_where_known("independent samples", [each.effective if each else None for each in figures], "{:.0f}"),
        *_where_known("p99 ms", _unasked_p99(figures), "{:.2f}"),
        *_where_known("CPU time ms", [each.cpu_ms if each else None for each in figures], "{:.2f}"),
        Column("images / s", rates, forms=LONG),
        *_where_known("M parameters", [_millions(each) for each in figures], "{:.2f}"),
        *_where_known(FLOPS, [_giga(each) for each in figures], "{:.2f}"),
    ]


def long_columns(figures: Sequence[OverRepeats | None]) -> list[Column]:
    """Return what stands beside the figures of a series in the long form alone."""
    return [replace(column, forms=LONG) for column in figure_columns("", "", figures) if _is_long_alone(column)]


def _is_long_alone(column: Column) -> bool:
    return Form.LONG in column.forms and Form.SHORT not in column.forms


def _percents(figures: Sequence[OverRepeats | None]) -> list[float]:
    """Return the percentiles that were asked for."""
    return sorted({tail.percent for each in figures if each for tail in each.tails})


def _tail_columns(label: str, percent: float, figures: Sequence[OverRepeats | None]) -> list[Column]:
    """Return the columns of a percentile that was asked for: with its bounds, or why it has none."""
    found = [next((tail for tail in each.tails if tail.percent == percent), None) if each else None for each in figures]
    name = next(tail.name for tail in found if tail)
    bounded = {
        f"{label} {name} (ms)": [tail.ms if tail and not tail.reason else None for tail in found],
        f"{label} {name} from (ms)": [tail.low_ms if tail else None for tail in found],
        f"{label} {name} to (ms)": [tail.high_ms if tail else None for tail in found],
    }
    return [
        Column(f"{name} ms", [tail.text if tail else GAP for tail in found], "words", SHOWN),
        *(Column(heading, [_written(value) for value in values], forms=CSV) for heading, values in bounded.items()),
        Column(f"{label} {name} lacks", [(tail.reason or GAP) if tail else GAP for tail in found], "words", CSV),
    ]


def _millions(figure: OverRepeats | None) -> float | None:
    return figure.work.parameters / 1e6 if figure and figure.work.parameters is not None else None


def _giga(figure: OverRepeats | None) -> float | None:
    return figure.work.flops / 1e9 if figure and figure.work.flops is not None else None


def _written(value: float | None) -> str:
    return GAP if value is None else f"{value:.2f}"


def _unasked_p99(figures: Sequence[OverRepeats | None]) -> list[float | None]:
    """Return the p99 that come of themselves where the estimator counts samples, none where they were asked for."""
    if 99.0 in _percents(figures):
        return []
    return [each.p99_ms if each and each.effective else None for each in figures]


def _where_known(heading: str, values: Sequence[float | None], written: str) -> list[Column]:
    """Return a column of the long form, none where no model has a value."""
    texts = [GAP if value is None else written.format(value) for value in values]
    return [Column(heading, texts, forms=LONG)] if any(value is not None for value in values) else []


def effort(figure: OverRepeats) -> str:
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
    known = [each for each in measured if each.spread_percent is not None]
    notes = [SPREAD] if any(each.processes == 1 for each in known) else []
    notes += [SPREAD_OF_REPEATS] if any(each.processes > 1 and not each.between for each in known) else []
    notes += [SPREAD_OVER_PROCESSES] if any(each.between for each in known) else []
    asked = dict.fromkeys(tail.percent for each in measured for tail in each.tails)
    notes += [TAIL.format(name=f"p{percent:g}", percent=percent) for percent in asked]
    unknown = [each for each in measured if each.spread_percent is None]
    few = [each for each in unknown if each.effective is None or each.effective < FEWEST]
    notes += [NO_SPREAD] if few else []
    return notes + ([UNSTEADY] if len(few) < len(unknown) else [])
