"""What a row of the tidy table is made of: what a figure is of, and the figure."""

from typing import Any, NamedTuple

#: What LABELS say of a cell; what is left out is not known, or does not apply.
Labels = dict[str, Any]


class TidyFigure(NamedTuple):
    """A figure of a cell; the one that a cell without figures has says nothing.

    `value` lies between `low` and `high` with 95 % confidence, where an interval is known; `n` counts samples, or
    images. `reported` marks the statistic that the protocol reports, and the box rule's AP. None where it does not
    apply.
    """

    metric: str | None = None
    iou: str | None = None
    box_rule: str | None = None
    reported: bool = False
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    n: int | None = None
