"""Writes docs/reference.md's tables, and its charts, anew from results/reference; a test holds them to be current."""

from pathlib import Path

from harness.analysis.timings import timings_of
from harness.documents.run_folder import Cell, RunFolder
from harness.paths import ROOT
from harness.report import render
from harness.report.accuracy import precision_tables
from harness.report.agreement import agreement_table
from harness.report.latency import latency_table
from harness.report.page import charts as charts_of
from harness.report.page import static_charts

REFERENCE = ROOT / "results" / "reference"
PAGE = ROOT / "docs" / "reference.md"
CHARTS = ROOT / "docs" / "reference"
#: The run that is shown first.
RUN = "quick-1"
BEGIN, END = "<!-- reference -->\n", "<!-- end of reference -->\n"


def folder(name: str) -> RunFolder:
    """Return a run that ships."""
    return RunFolder(REFERENCE / name)


def cells(name: str) -> list[Cell]:
    """Return the cells of a run that ships."""
    return folder(name).cells()


def page(text: str) -> str:
    """Return the page with its reference tables as they are to be."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    passes = cells("accuracy-shapes")
    agreements = [cell.agreement for cell in passes if cell.agreement]
    tables = [latency_table(cells(RUN)), *precision_tables(passes[:1]), agreement_table(agreements)]
    rendered = "\n".join(render.markdown(table).replace("## ", "#### ", 1) for table in tables)
    return f"{before}{BEGIN}\n{rendered}\n{END}{after}"


def charts() -> dict[Path, str]:
    """Return the charts by the file that each belongs in."""
    run = cells(RUN)
    drawn = static_charts(charts_of(run, timings_of(run), published=False))
    return {CHARTS / name: svg for name, svg in drawn.items()}


def main() -> None:
    """Write all."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    CHARTS.mkdir(exist_ok=True)
    for path, svg in charts().items():
        path.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
