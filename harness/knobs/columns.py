"""The columns of the tidy table that are of knobs, in the order of the table of knobs."""

from typing import TYPE_CHECKING

from harness.knobs.table import OPTIONS

if TYPE_CHECKING:
    from harness.documents.run_folder import Cell

#: What is observed of a measurement, and what only its job tells: the names, and the type of the values.
OBSERVED = {name: option.kind.type for name, (knob, option) in OPTIONS.items() if knob.seen[0].place}
ASKED = {name: option.kind.type for name, (knob, option) in OPTIONS.items() if not knob.seen[0].place}


def values(cell: "Cell") -> dict[str, float | str | None]:
    """Return the values of a cell by column, None where it does not tell or its suite knows no such knob."""
    row: dict[str, float | str | None] = {}
    for name, (knob, option) in OPTIONS.items():
        value = knob.observed(cell, knob.seen[0])
        row[name] = value if value is None else option.kind.type(option.kind.show(value))
    return row
