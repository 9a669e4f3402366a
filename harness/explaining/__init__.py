"""The use case of `explain`: two sides read, or measured by turns first, and what makes their times differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.analysis.explaining import explained
from harness.analysis.sides import Side, side_of
from harness.catalogue import detector
from harness.documents.explanation import Explanation
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.explaining.turns import Anew, anew, measured, part_of, tried
from harness.plan import Request
from harness.progress import Progress
from runner.contract import Profile

HOW = "measure it with: harness run --profile"


@dataclass(frozen=True)
class Explained:
    """The explanations of the models that both sides have, and what could not be explained, and why.

    `profiles` are those of A and of B that each explanation is made of.
    """

    models: list[Explanation]
    remarks: list[str] = field(default_factory=list)
    profiles: list[tuple[Profile, Profile]] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """What a person asks to be explained: two runs or parts of them, or two environments that are measured first.

    With `tries`, what may be the cause is taken away from both, and what remains is measured.
    """

    a: str
    b: str
    models: Sequence[str] = ()
    weights: str = "auto"
    tries: bool = False


def explain(question: Question, command: list[str], progress: Progress) -> Explained:
    """Explain what B takes longer or shorter than A by their profiles.

    Raises BadInput where a side does not exist or has no profile, and where the sides share no model; and as a run does
    where environments are measured.
    """
    now = _measured(question, command, progress)
    names = (part_of(now[2], now[0]), part_of(now[2], now[1])) if now else (question.a, question.b)
    with progress.working("reading results"):
        found = _beside(names, [_profiled(side_of(name)) for name in names], question.models)
        if now is None or not question.tries:
            return found
        a, b, run = now
        both = [replace(each, tried=list(tried(run, a, b, each.builder))) for each in found.models]
        return replace(found, models=both)


def _measured(question: Question, command: list[str], progress: Progress) -> tuple[Anew, Anew, Path] | None:
    """Return the sides that were measured now, and in which run; None where both name runs."""
    a, b = anew(question.a), anew(question.b)
    if a is None or b is None:
        if a or b:
            raise BadInput("one of A and B is a run, the other an environment", "name two runs, or two environments")
        if question.tries:
            raise BadInput("--try measures, and A and B are measured already", "name two environments, or leave it out")
        return None
    if not question.models:
        raise BadInput("nothing says which model is to be measured", "name one with --model")
    request = Request(images=[], models=list(question.models), weights=question.weights)
    return a, b, measured(a, b, request, command, progress, tries=question.tries)


def _profiled(side: Side) -> dict[str, Cell]:
    """Return a cell of each model of a side that has a profile, by its builder. Raises BadInput where none has."""
    cells = [cell for cell in side.folder.cells() if cell.job.suite == "latency" and side.has(cell)]
    found = {cell.job.model.builder: cell for cell in reversed(cells) if _has_profile(cell)}
    if not found:
        reasons = [text for cell in cells if (text := _lacking(cell))]
        why = f": {reasons[0]}" if reasons else ""
        raise BadInput(f"{side.text} has no profile{why}", HOW)
    return found


def _profile(cell: Cell) -> Profile | None:
    return cell.result.latency.profile if cell.result.latency else None


def _has_profile(cell: Cell) -> bool:
    profile = _profile(cell)
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
    profiles = [(one, two) for _, *cells in pairs for one, two in [map(_profile, cells)] if one and two]
    return Explained(explanations, [*remarks, *dict.fromkeys(_hosts(names, pairs))], profiles)


def _hosts(names: tuple[str, str], pairs: Sequence[tuple[str, Cell, Cell]]) -> Iterator[str]:
    """Say where sides were measured on different hosts, which may be all that there is to explain."""
    for _, *cells in pairs:
        hosts = [cell.execution.host.id if cell.execution else None for cell in cells]
        if hosts[0] != hosts[1]:
            yield f"{names[0]} and {names[1]} were measured on different hosts, so that the machine explains a part"
