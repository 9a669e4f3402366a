"""How a value of the Python face is shown: as text, and as HTML in a notebook. Nothing in it is obeyed by either."""

import html
from collections.abc import Iterable
from typing import Any

import pandas as pd

from harness.text import printable

#: So many rows of a table are shown; the DataFrame has all.
ROWS = 20


class Shown:
    """Shows a title, then lines, then tables."""

    def _title(self) -> str:
        """Return what this is, in one line."""
        raise NotImplementedError

    def _lines(self) -> Iterable[str]:
        """Return what else there is to say."""
        return ()

    def _frames(self) -> Iterable[pd.DataFrame]:
        """Return the tables to show."""
        return ()

    def __repr__(self) -> str:
        lines = [printable(line) for line in (self._title(), *self._lines())]
        return "\n".join([*lines, *(harmless(frame).to_string(max_rows=ROWS) for frame in self._frames())])

    def _repr_html_(self) -> str:
        title, *lines = (html.escape(printable(line)) for line in (self._title(), *self._lines()))
        tables = (harmless(frame).to_html(max_rows=ROWS) for frame in self._frames())
        return "".join([f"<p><b>{title}</b></p>", *(f"<p>{line}</p>" for line in lines), *tables])


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with texts that no terminal obeys: those of results may come from anywhere."""
    shown = frame.copy(deep=False)
    for number, kind in enumerate(frame.dtypes):  # by number, since two columns may have one heading
        if not pd.api.types.is_numeric_dtype(kind):
            shown.isetitem(number, frame.iloc[:, number].map(_harmless, na_action="ignore").array)
    if not pd.api.types.is_numeric_dtype(shown.index.dtype):
        shown.index = shown.index.map(_harmless)
    return shown.rename(columns=_harmless)


def _harmless(value: Any) -> Any:
    if isinstance(value, list):
        return [_harmless(each) for each in value]
    return printable(value) if isinstance(value, str) else value


def frame_of(rows: Iterable[dict[str, Any]], columns: Iterable[str] = ()) -> pd.DataFrame:
    """Return rows as a harmless DataFrame; `columns` are those of one without rows."""
    listed = list(rows)
    return harmless(pd.DataFrame(listed)) if listed else pd.DataFrame(columns=list(columns))
