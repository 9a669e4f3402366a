"""What the tidy table says of stages: a row for the time of each, and one for its CPU time."""

from collections.abc import Iterator

from harness.analysis.stages import stage_figures
from harness.analysis.tidy_figure import TidyFigure
from runner.contract import Latency


def stage_rows(latency: Latency) -> Iterator[TidyFigure]:
    """Yield `stage_resize`, `stage_resize_cpu` and so on, and `stage_call`, all that the model's call holds."""
    known = stage_figures([latency.stages]) if latency.stages else None
    for each in [*known.stages, known.call] if known else []:
        metric = "stage_" + each.name.replace(" ", "_").lower()
        n = known.iterations if known else None
        yield TidyFigure(metric, value=each.ms, low=each.low_ms, high=each.high_ms, unit="ms", n=n)
        yield TidyFigure(f"{metric}_cpu", value=each.cpu_ms, unit="ms", n=n)
