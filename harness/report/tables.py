"""The tables of runs."""

from harness.documents.run_folder import Cell
from harness.report.accuracy import accuracy_tables
from harness.report.agreement import agreement_table
from harness.report.content import content_tables
from harness.report.latency import latency_table
from harness.report.stages import stage_tables
from harness.report.table import Table


def tables_of(cells: list[Cell], *, published: bool) -> list[Table]:
    """Return the tables of whatever was measured in the cells."""
    timed = any(cell.job.suite == "latency" for cell in cells)
    latencies = [latency_table(cells, with_published=published)] if timed else []
    agreements = [cell.agreement for cell in cells if cell.agreement]
    compared = [agreement_table(agreements)] if agreements else []
    seen_inside = content_tables(cells) + stage_tables(cells)
    return latencies + seen_inside + accuracy_tables(cells, with_published=published) + compared
