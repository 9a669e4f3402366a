"""Sides of an explanation that are measured first, by turns in a run of their own; and what is tried on both."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from harness import pipeline
from harness.analysis import ratio
from harness.catalogue import environments
from harness.documents.explanation import Remaining, Tried
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.plan import Request, make_variants
from harness.preflight.checks import Preflight
from harness.progress import Progress
from runner.contract import Variant
from runner.contract.statistics import measured_ms

#: Causes that are tried on both sides, by what they are called: knobs that take them away.
CAUSES = {"one thread": "threads=1"}
#: Processes of each side where causes are tried, so that ratios have intervals.
PROCESSES = 3


@dataclass(frozen=True)
class Anew:
    """A side that is measured first: an environment, and the variant of its knobs."""

    text: str
    environment: str
    variant: Variant


def anew(text: str) -> Anew | None:
    """Return the side to be measured where a text names an environment, as in cuda10.2@threads=1, else None."""
    name, *knobs = text.split("@")
    if name.partition(":")[0] not in environments():
        return None
    variants = make_variants(**dict(knob.partition("=")[::2] for knob in knobs))
    if len(variants) > 1:
        raise BadInput(f"{text} gives several values", "name one value of each knob")
    return Anew(text, name, variants[0])


def without(side: Anew, knob: str) -> Anew:
    """Return the side with a knob, NAME=VALUE, in the place of its own value."""
    name = knob.partition("=")[0]
    kept = [part for part in side.text.split("@")[1:] if part.partition("=")[0] != name]
    found = anew("@".join([side.environment, *kept, knob]))
    if found is None:
        raise ValueError(f"{side.environment} is no environment")
    return found


def part_of(run: Path, side: Anew) -> str:
    """Return how a side that was measured is named: the run's part of its environment and knobs."""
    return f"{run}:{'@'.join([side.environment, *side.text.split('@')[1:]])}"


def measured(
    a: Anew, b: Anew, request: Request, command: list[str], progress: Progress, *, tries: bool = False
) -> Path:
    """Measure and profile two environments by turns, in a new run. Returns its folder; raises as a run does.

    With `tries`, both are measured with each of CAUSES taken away, too, in several processes.
    """
    if (a.environment, a.variant) == (b.environment, b.variant):
        raise BadInput(f"{a.text} and {b.text} are the same", "name two environments, or two values of a knob")
    sides = [a, b, *(without(side, knob) for knob in CAUSES.values() for side in (a, b) if tries)]
    variants: dict[str, list[Variant]] = {}
    for side in sides:
        variants.setdefault(side.environment, []).append(side.variant)
    repeats = PROCESSES if tries else request.repeats
    with Preflight() as preflight:
        plans = [
            pipeline.planned(_of(replace(request, repeats=repeats), name, own), command, preflight, progress)
            for name, own in variants.items()
        ]
        cells = sorted((cell for each in plans for cell in each.cells), key=lambda cell: cell.job.repeat)
        return pipeline.start(replace(plans[0], cells=cells), preflight, progress, "explain").folder.path


def _of(request: Request, environment: str, variants: list[Variant]) -> Request:
    first, *others = dict.fromkeys(variants)
    return replace(request, images=[environment], variant=first, ladder=others, profile=True, stages=True)


def tried(run: Path, a: Anew, b: Anew, builder: str) -> Iterator[Tried]:
    """Yield what remains of B's time over A's without each cause, as far as enough processes were measured."""
    before = _ratio(run, a, b, builder)
    for what, knob in CAUSES.items():
        yield Tried(what, before, _ratio(run, without(a, knob), without(b, knob), builder))


def _ratio(run: Path, a: Anew, b: Anew, builder: str) -> Remaining | None:
    first, second = (_logs(run, side, builder) for side in (a, b))
    if len(first.keys() & second.keys()) < 2:
        return None
    found = ratio.by_round(first, second)
    return Remaining(found.value, found.low, found.high, len(first.keys() & second.keys()))


def _logs(run: Path, side: Anew, builder: str) -> dict[int, float]:
    """Return the log of the median latency of each process of a side, by its round."""
    wanted = (side.environment, side.variant, builder)
    return {
        cell.job.repeat: math.log(median(measured_ms(cell.result.latency)))
        for cell in RunFolder(run).cells()
        if cell.result.latency and (cell.job.environment, cell.job.variant, cell.job.model.builder) == wanted
    }
