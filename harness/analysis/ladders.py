"""Steps of a ladder: what one run measured with several values of a knob, side by side, since somebody asked for it."""

from collections.abc import Iterable

from harness.analysis.series import Series
from harness.knobs.table import OPTIONS
from runner.contract import Job

#: The knobs of which there are ladders.
KNOBS = {name: knob for name, (knob, option) in OPTIONS.items() if option.ladder}
#: The values that a job asks for of the knobs of which there are ladders, by the name of the fact that tells them.
Steps = tuple[tuple[str, str], ...]
#: The values that one run measured side by side, of each such fact, by where they were measured.
Ladders = dict[tuple[object, ...], list[tuple[str, frozenset[str]]]]


def steps_of(job: Job) -> Steps:
    """Return what a job asks for of the knobs that may be ladders, where it asks for anything."""
    asked = ((knob, getattr(job.variant, name)) for name, knob in KNOBS.items())
    return tuple((knob.seen[0].name, knob.text(value)) for knob, value in asked if value is not None)


def place_of(series: Series) -> tuple[object, ...]:
    """Return where a series was measured, and in which environment."""
    return (series.environment, series.device, series.hardware, series.host, series.run)


def add_ladders(known: Ladders, run: Iterable[tuple[Series, Steps]]) -> None:
    """Add the ladders of a run, whose series are handed in with what was asked for.

    What was measured with another value than the one asked for is no step.
    """
    found: dict[tuple[tuple[object, ...], str], set[str]] = {}
    for series, steps in run:
        for fact, value in steps:
            if series.fact(fact) == value:
                found.setdefault((place_of(series), fact), set()).add(value)
    for (place, fact), values in found.items():
        if len(values) > 1:
            known.setdefault(place, []).append((fact, frozenset(values)))
