"""A cell of the table at the head of the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A cell of the table: its text, what it sorts by (None: last), and smaller text below it."""

    text: str
    key: float | str | None
    below: str = ""
