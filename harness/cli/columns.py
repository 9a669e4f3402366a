"""The columns of lines that move."""

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TextColumn
from rich.table import Column

#: A terminal narrower than this has no room for a bar beside the words.
WIDE = 60
#: What a bar takes at least, in characters.
BAR = 4


def words(form: str) -> TextColumn:
    """Return a column of text, which is no markup and stays on one line."""
    return TextColumn(form, markup=False, table_column=Column(no_wrap=True))


def bar(console: Console, width: int) -> list[ProgressColumn]:
    """Return the column of a bar, where there is room for one."""
    return [BarColumn(bar_width=width)] if console.width >= WIDE else []
