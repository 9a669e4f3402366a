"""The report as a page, and as Markdown with charts beside it."""

from harness.report.page.charts import charts
from harness.report.page.clips import clips_of
from harness.report.page.explained import explained_page
from harness.report.page.html import build
from harness.report.page.markdown import markdown, static_charts
from harness.report.page.report import Report

__all__ = ["Report", "build", "charts", "clips_of", "explained_page", "markdown", "static_charts"]
