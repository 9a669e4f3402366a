"""The use case of `explain`: two sides read, or measured anew in turn, and what makes their times differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import pipeline
from harness.analysis.explaining import explained
from harness.analysis.sides import Side, side_of
from harness.catalogue import detector, environments
from harness.documents.explanation import Explanation
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.plan import Request, make_variants
from harness.preflight.checks import Preflight
from harness.progress import Progress
from runner.contract import Variant

HOW = "measure it with: harness run --profile"


@dataclass(frozen=True)
class Explained:
    """The explanations of the models that both sides have, and what could not be explained, and why."""

    models: list[Explanation]
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Anew:
    """A side that is measured first: an environment, and the variant of its knobs."""

    text: str
    environment: str
    variant: Variant


@dataclass(frozen=True)
class Question:
    """What a person asks to be explained: two runs or parts of them, or two environments that are measured first."""

    a: str
    b: str
    models: Sequence[str] = ()
    weights: str = "auto"


def explain(question: Question, command: list[str], progress: Progress) -> Explained:
    """Explain what B takes longer or shorter than A by their profiles.

    Raises BadInput where a side does not exist or has no profile, and where the sides share no model; and as a run does
    where environments are measured.
    """
    names = _names(question, command, progress)
    with progress.working("reading results"):
        found = [_profiled(side_of(name)) for name in names]
    return _beside(names, found, question.models)


def _names(question: Question, command: list[str], progress: Progress) -> tuple[str, str]:
    """Return the names of both sides, as parts of a run that is measured now where they are environments."""
    a, b = anew(question.a), anew(question.b)
    if a is None or b is None:
        if a or b:
            raise BadInput("one of A and B is a run, the other an environment", "name two runs, or two environments")
        return question.a, question.b
    if not question.models:
        raise BadInput("nothing says which model is to be measured", "name one with --model")
    request = Request(images=[], models=list(question.models), weights=question.weights)
    with Preflight() as preflight:
        run = _measured(a, b, request, command, preflight, progress)
    return part_of(run, a), part_of(run, b)


def _measured(a: Anew, b: Anew, request: Request, command: list[str], preflight: Preflight, progress: Progress) -> Path:
    """Measure and profile two environments by turns, in a new run. Returns its folder; raises as a run does."""
    if (a.environment, a.variant) == (b.environment, b.variant):
        raise BadInput(f"{a.text} and {b.text} are the same", "name two environments, or two values of a knob")
    asked = [_request(request, side) for side in (a, b)]
    if a.environment == b.environment:
        asked = [replace(asked[0], ladder=[b.variant])]
    plans = [pipeline.planned(each, command, preflight, progress) for each in asked]
    cells = [cell for pair in zip(*(each.cells for each in plans), strict=True) for cell in pair]
    return pipeline.start(replace(plans[0], cells=cells), preflight, progress, "explain").folder.path


def _request(request: Request, side: Anew) -> Request:
    return replace(request, images=[side.environment], variant=side.variant, profile=True, stages=True)


def anew(text: str) -> Anew | None:
    """Return the side to be measured where a text names an environment, as in cuda10.2@threads=1, else None."""
    name, *knobs = text.split("@")
    if name.partition(":")[0] not in environments():
        return None
    given = dict(knob.partition("=")[::2] for knob in knobs)
    variants = make_variants(**given)
    if len(variants) > 1:
        raise BadInput(f"{text} gives several values", "name one value of each knob")
    return Anew(text, name, variants[0])


def part_of(run: Path, side: Anew) -> str:
    """Return how a side that was measured is named: the run's part of its environment and knobs."""
    knobs = "".join(f"@{knob}" for knob in side.text.split("@")[1:])
    return f"{run}:{side.environment}{knobs}"


def _profiled(side: Side) -> dict[str, Cell]:
    """Return a cell of each model of a side that has a profile, by its builder. Raises BadInput where none has."""
    cells = [cell for cell in side.folder.cells() if cell.job.suite == "latency" and side.has(cell)]
    found = {cell.job.model.builder: cell for cell in reversed(cells) if _has_profile(cell)}
    if not found:
        reasons = [text for cell in cells if (text := _lacking(cell))]
        why = f": {reasons[0]}" if reasons else ""
        raise BadInput(f"{side.text} has no profile{why}", HOW)
    return found


def _has_profile(cell: Cell) -> bool:
    profile = cell.result.latency.profile if cell.result.latency else None
    return bool(profile and profile.wall_ms)


def _lacking(cell: Cell) -> str | None:
    if cell.result.failure:
        return cell.result.failure.message
    return cell.result.latency.profile_missing_reason if cell.result.latency else None


def _beside(names: tuple[str, str], found: Sequence[dict[str, Cell]], models: Sequence[str]) -> Explained:
    wanted = list(models) or list(dict.fromkeys([*found[0], *found[1]]))
    both = [builder for builder in wanted if all(builder in side for side in found)]
    remarks = [
        f"{detector(builder).display} is not explained: {names[n]} has no profile of it"
        for builder in wanted
        for n in (0, 1)
        if builder not in found[n]
    ]
    if not both:
        raise BadInput("; ".join(remarks) or "there is no model to explain", "name a --model that both sides have")
    pairs = [(builder, found[0][builder], found[1][builder]) for builder in both]
    explanations = [explained(names, a.result, b.result, detector(builder).display) for builder, a, b in pairs]
    return Explained(explanations, [*remarks, *dict.fromkeys(_hosts(names, pairs))])


def _hosts(names: tuple[str, str], pairs: Sequence[tuple[str, Cell, Cell]]) -> Iterator[str]:
    """Say where sides were measured on different hosts, which may be all that there is to explain."""
    for _, *cells in pairs:
        hosts = [cell.execution.host.id if cell.execution else None for cell in cells]
        if hosts[0] != hosts[1]:
            yield f"{names[0]} and {names[1]} were measured on different hosts, so that the machine explains a part"
