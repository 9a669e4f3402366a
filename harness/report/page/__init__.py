"""The report as a page, and as Markdown with charts beside it."""

from harness.report.page.html import build
from harness.report.page.markdown import markdown, static_charts

__all__ = ["build", "markdown", "static_charts"]
