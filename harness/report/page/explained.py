"""Explanations on a page: the section of a report, and a page of their own. Neither needs a script."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.documents.explanation import Explanation
from harness.report.explanation import HEADINGS, cells, sentences, told_below
from harness.report.page.rendering import without_script
from harness.text import GAP


@dataclass(frozen=True)
class Section:
    """An explanation as the page shows it: its headline, its places, what differs around, remarks and the drawing."""

    title: str
    headline: str
    rows: Sequence[Sequence[str]]
    circumstances: Sequence[Sequence[str]]
    notes: Sequence[str]
    drawing: Markup | None
    headings: Sequence[str] = HEADINGS


def section(explained: Explanation, drawing: str | None) -> Section:
    """Return the section of an explanation; `drawing` is an SVG of ours, in which all text is escaped."""
    head, *_ = sentences(explained)
    return Section(
        title=explained.model,
        headline=head,
        rows=[cells(each) for each in explained.differences],
        circumstances=[(each.what, each.a or GAP, each.b or GAP) for each in explained.circumstances],
        notes=list(told_below(explained)),
        drawing=Markup(drawing) if drawing else None,  # noqa: S704 -- escaped where it is drawn
    )


def explained_page(explanations: Sequence[tuple[Explanation, str | None]], remarks: Sequence[str]) -> str:
    """Return explanations, each with its drawing, and remarks as a page of their own, which needs no other file."""
    sections = [section(*each) for each in explanations]
    return without_script("explain.html.jinja", explained=sections, remarks=remarks)
