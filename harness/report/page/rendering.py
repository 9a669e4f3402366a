"""The templates of pages, and how what stands in them is made harmless."""

import base64
import hashlib
from collections.abc import Sequence
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


def text(name: str) -> str:
    """Return a file of the templates' folder."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def style() -> Markup:
    """Return the style that all pages have."""
    return Markup(text("page.css"))  # noqa: S704 -- the project's own file


def policy(scripts: Sequence[str]) -> str:
    """Return the content security policy of a page: nothing is loaded, and nothing runs but these scripts."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    own = "style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {own}"


def without_script(template: str, **values: object) -> str:
    """Return a page of a template, in the same look and under the same policy, that runs no script."""
    return templates().get_template(template).render(policy=policy([]), style=style(), **values)
