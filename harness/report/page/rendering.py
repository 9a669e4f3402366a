"""The templates of pages, and how what stands in them is made harmless."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.page.figures import printable

TEMPLATES = Path(__file__).parent / "templates"


def templates() -> Environment:
    """Return what renders templates: every text is escaped, without what a terminal or a browser would obey."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _clean(value: object) -> object:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
