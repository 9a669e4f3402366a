"""The sides of a comparison as people name them: RUN, RUN:ENV, RUN@threads=1, RUN:ENV@threads=1@cpus=0."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from harness.documents.run_folder import Cell, RunFolder
from harness.documents.runs import open_run
from harness.errors import BadInput, unknown
from harness.knobs.entry import Knob
from harness.knobs.table import KNOBS
from runner.contract import Job

#: By the names that a part may give them: an option's, or one of the numerics without that word.
NAMED = {knob.field.removeprefix("numerics."): knob for knob in KNOBS}


@dataclass(frozen=True)
class Side:
    """A run, or what of it is of an environment and of values of knobs, as texts by the knobs' names."""

    text: str
    folder: RunFolder
    environment: str | None
    knobs: tuple[tuple[str, str], ...]

    def has(self, cell: Cell) -> bool:
        """Tell whether a cell is of the part."""
        return self.is_of(cell.job) and all(_is(cell, name, value) for name, value in self.knobs)

    def is_of(self, job: Job) -> bool:
        """Tell whether a job is of the part's environment."""
        return self.environment in (None, job.environment)


def side_of(text: str) -> Side:
    """Return the side that is meant: its part begins at the first colon or @ behind the name of a run.

    Raises BadInput where there is no such run, no such environment in it, or no such knob.
    """
    folder, rest = _run_and_rest(text)
    environment, *given = re.split("@", rest)
    knobs = []
    for part in given:
        name, equals, value = part.partition("=")
        value, colon, behind = value.partition(":")
        environment = environment or f"{colon}{behind}"
        knobs.append(_knob(name, value, text) if equals else _no_value(part, text))
    wanted = environment.removeprefix(":") or None
    if wanted is None and ":" in rest:
        raise BadInput(f"{text!r:.120} names no environment behind its colon", "write it RUN:ENV, or RUN alone")
    known = dict.fromkeys(cell.job.environment for cell in folder.plan.cells)
    if wanted and wanted not in known:
        raise BadInput(f"there is no environment {wanted!r:.80} in the run {folder.name}", f"it has {', '.join(known)}")
    return Side(text, folder, wanted, tuple(knobs))


def require_part(side: Side, cells: Iterable[Cell]) -> None:
    """Raise BadInput where no cell of the run is of the part, with the values that there are."""
    cells = [cell for cell in cells if side.is_of(cell.job)]
    for name, value in side.knobs:
        seen = sorted({text for cell in cells if (text := _value(cell, name)) is not None})
        if not any(_is(cell, name, value) for cell in cells):
            there = " and ".join(f"{name}={each}" for each in seen) or f"nothing that tells its {name}"
            raise BadInput(f"{side.text}: no cell has {name}={value}", f"there is {there}")
    if cells and not any(side.has(cell) for cell in cells):
        raise BadInput(f"{side.text}: no cell has all of these at once", "name fewer of them")


def _run_and_rest(text: str) -> tuple[RunFolder, str]:
    for place in _ends(text):
        with suppress(BadInput):
            return open_run(text[:place]), text[place:]
    return open_run(text[: next(iter(_ends(text)))]), ""  # which raises that there is none


def _ends(text: str) -> Iterator[int]:
    """Yield where the name of a run may end: before each colon and @, and at the end."""
    yield from (match.start() for match in re.finditer("[:@]", text) if match.start())
    yield len(text)


def _knob(name: str, value: str, text: str) -> tuple[str, str]:
    """Return a knob's name and value as cells show it. Raises BadInput where there is no such knob or value."""
    name = name.strip().replace("-", "_").removeprefix("numerics.")
    if name in ("environment", "image"):
        raise BadInput(f"the {name} is no knob", "name it behind a colon: RUN:ENV")
    if name not in NAMED:
        raise unknown("knob", name, NAMED)
    if not value:
        return _no_value(name, text)
    knob = NAMED[name]
    with suppress(BadInput):  # of a value that this host would refuse, the cells tell whether there is any
        value = knob.text(knob.option.kind.parse(name, value)) if knob.option else value
    return name, value


def _no_value(part: str, text: str) -> tuple[str, str]:
    if not part:
        raise BadInput(f"{text!r:.120} names no knob behind its @", "write it such as RUN@threads=1")
    raise BadInput(f"{text!r:.120} gives {part!r:.80} no value", "write it such as RUN@threads=1")


def _value(cell: Cell, name: str) -> str | None:
    knob = NAMED[name]
    value = knob.observed(cell, knob.seen[0])
    return None if value is None else knob.text(value)


def _is(cell: Cell, name: str, value: str) -> bool:
    knob: Knob = NAMED[name]
    return knob.suite not in (None, cell.job.suite) or (_value(cell, name) or "").capitalize() == value.capitalize()
