"""Sides of an explanation that are measured first: environments by turns, in runs of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import pipeline
from harness.catalogue import environments
from harness.documents import Plan, PlannedCell
from harness.errors import BadInput
from harness.plan import Request, make_variants
from harness.preflight.checks import Preflight
from harness.progress import Progress
from runner.contract import Variant


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
    variants = make_variants(**dict(_named(knob) for knob in knobs))
    if len(variants) > 1:
        raise BadInput(f"{text} gives several values", "name one value of each knob")
    return Anew(text, name, variants[0])


def _named(knob: str) -> tuple[str, str]:
    """Return the name and the value of a knob, the name as an option or a keyword has it."""
    name, _, value = knob.partition("=")
    return name.strip().replace("-", "_"), value


def part_of(run: Path, side: Anew) -> str:
    """Return how a side that was measured is named: the run's part of its environment and knobs."""
    return f"{run}:{'@'.join([side.environment, *side.text.split('@')[1:]])}"


def measured(sides: Sequence[Anew], request: Request, command: list[str], progress: Progress) -> Path:
    """Measure sides by turns, in a new run. Returns its folder; raises as a run does."""
    variants: dict[str, list[Variant]] = {}
    for side in sides:
        variants.setdefault(side.environment, []).append(side.variant)
    with Preflight() as preflight:
        plans = [
            pipeline.planned(_of(request, name, own), command, preflight, progress) for name, own in variants.items()
        ]
        return pipeline.start(_by_turns(plans, sides), preflight, progress, "explain").folder.path


def require_two(a: Anew, b: Anew) -> None:
    """Raise BadInput where both sides are the same."""
    if (a.environment, a.variant) == (b.environment, b.variant):
        raise BadInput(f"{a.text} and {b.text} are the same", "name two environments, or two values of a knob")


def _by_turns(plans: Sequence[Plan], sides: Sequence[Anew]) -> Plan:
    """Return one plan: each repeat measures all sides once, in their order."""
    places = {(side.environment, side.variant): place for place, side in enumerate(sides)}

    def turn(cell: PlannedCell) -> tuple[int, int]:
        return cell.job.repeat, places[cell.job.environment, cell.job.variant]

    return replace(plans[0], cells=sorted((cell for each in plans for cell in each.cells), key=turn))


def _of(request: Request, environment: str, variants: list[Variant]) -> Request:
    first, *others = dict.fromkeys(variants)
    return replace(request, images=[environment], variant=first, ladder=others)
