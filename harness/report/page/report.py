"""What a page and its Markdown are both made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.analysis.history import History
from harness.analysis.timings import Timing, timings_of
from harness.documents.comparison import Comparison
from harness.documents.run_folder import Cell
from harness.report import comparison, history
from harness.report.page import findings
from harness.report.page.charts import charts
from harness.report.page.clips import Clip
from harness.report.page.drawing import Chart
from harness.report.page.forest import forest
from harness.report.page.over_time import history_charts
from harness.report.profiled import Slower
from harness.report.table import Table


@dataclass(frozen=True)
class Report:
    """Cells and what is said of them. `tables` stand in a report as they are, `commands` are those that repeat it.

    `published` puts the latencies of 2021 beside the measured ones, and lets the AP that torchvision publishes stand
    in for what was not measured. A `comparison` of two sides, or `histories`, come before all else. `slower` are
    explanations, where cells have profiles.
    """

    cells: Sequence[Cell]
    tables: Sequence[Table]
    published: bool
    commands: Sequence[str]
    title: str
    made_at: str
    clips: Sequence[Clip] = ()
    comparison: Comparison | None = None
    histories: Sequence[History] = ()
    slower: Sequence[Slower] = ()

    @cached_property
    def timings(self) -> list[Timing]:
        """Every model that was timed. Raises BadDocument where a sample is no duration."""
        return timings_of(self.cells)

    @cached_property
    def charts(self) -> list[Chart]:
        """The charts of figures, drawn once for the page and beside its Markdown."""
        of_cells = charts(self.cells, self.timings, published=self.published)
        compared = [forest(self.comparison)] if self.comparison else []
        return [*compared, *history_charts(self.histories), *of_cells]

    @property
    def headline(self) -> str:
        """The sentence that stands above everything; where there is nothing but clips, what they show."""
        if self.comparison:
            return comparison.headline(self.comparison)
        if self.histories:
            return history.headline(self.histories)
        if self.clips and not self.timings and not any(cell.scores for cell in self.cells):
            of_one = f"A clip of {self.clips[0].title}"
            return of_one if len(self.clips) == 1 else f"{len(self.clips)} clips of detections"
        return findings.headline(self.cells, self.timings)
