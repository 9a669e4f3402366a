"""The use case of `explain`: two sides read, or measured by turns first, and what makes their times differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from harness.analysis.explaining import explained
from harness.analysis.sides import Side, side_of
from harness.catalogue import detector
from harness.documents.explanation import Explanation
from harness.documents.run_folder import Cell
from harness.errors import BadInput
from harness.explaining import trying
from harness.explaining.turns import Anew, anew, measured, part_of, require_two
from harness.plan import Request
from harness.progress import Progress
from harness.report.explained import Profiled
from runner.contract import Profile

HOW = "measure it with: harness run --profile"


@dataclass(frozen=True)
class Explained:
    """The explanations of the models that both sides have, and what could not be explained, and why.

    `profiles` are those of A and of B that each explanation is made of, each with the place of its trace.
    """

    models: list[Explanation]
    remarks: list[str] = field(default_factory=list)
    profiles: list[tuple[Profiled, Profiled]] = field(default_factory=list)


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
    now = _now(question)
    if now is None:
        with progress.working("reading results"):
            return _beside((question.a, question.b), question.models).explained
    request = Request(images=[], models=list(question.models), weights=question.weights)
    looking = replace(request, repeats=1 if question.tries else None, profile=True, stages=True)
    run = measured(now, looking, command, progress)
    found = _beside((part_of(run, now[0]), part_of(run, now[1])), question.models).named(question, run)
    return _tried(found, now, request, command, progress) if question.tries else found.explained


def _now(question: Question) -> tuple[Anew, Anew] | None:
    """Return the sides that are to be measured; None where both name runs. Raises BadInput where that can't be."""
    a, b = anew(question.a), anew(question.b)
    if a is None or b is None:
        if a or b:
            raise BadInput("one of A and B is a run, the other an environment", "name two runs, or two environments")
        if question.tries:
            raise BadInput("--try measures, and A and B are measured already", "name two environments, or leave it out")
        return None
    if not question.models:
        raise BadInput("nothing says which model is to be measured", "name one with --model")
    require_two(a, b)
    return a, b


def _tried(
    found: "_Beside", sides: tuple[Anew, Anew], request: Request, command: list[str], progress: Progress
) -> Explained:
    """Return what was found with what remained of it without its causes."""
    explained, pairs = found
    trials = {
        each.builder: trying.trial(each, sides, a.result, b.result)
        for each, (_, a, b) in zip(explained.models, pairs, strict=True)
    }
    run = trying.measured_without(sides, trials, request, command, progress)
    both = [trying.told(each, sides, trials[each.builder], run) for each in explained.models]
    return replace(explained, models=both)


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


class _Beside(NamedTuple):
    """What is explained, and of what cells: the builder, and one of A and one of B, for each of its models."""

    explained: Explained
    pairs: list[tuple[str, Cell, Cell]]

    def named(self, question: Question, run: Path) -> "_Beside":
        """Return it with the sides named as they were asked for, since they were measured for that, and where."""
        models = [replace(each, a=question.a, b=question.b) for each in self.explained.models]
        remarks = [*self.explained.remarks, f"measured in {run}"]
        return self._replace(explained=replace(self.explained, models=models, remarks=remarks))


def _beside(names: tuple[str, str], models: Sequence[str]) -> _Beside:
    """Return two parts of runs explained, and their cells."""
    sides = [side_of(name) for name in names]
    found = [_profiled(side) for side in sides]
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
    drawn = [(_drawn(sides[0], first), _drawn(sides[1], second)) for _, first, second in pairs]
    return _Beside(Explained(explanations, [*remarks, *dict.fromkeys(_hosts(names, pairs))], drawn), pairs)


def _drawn(side: Side, cell: Cell) -> Profiled:
    profile = _profile(cell)
    if profile is None:
        raise ValueError(f"{cell.job.cell} has no profile")
    return Profiled(profile, side.folder.trace(cell.job))


def _hosts(names: tuple[str, str], pairs: Sequence[tuple[str, Cell, Cell]]) -> Iterator[str]:
    """Say where sides were measured on different hosts, which may be all that there is to explain."""
    for _, *cells in pairs:
        hosts = [cell.execution.host.id if cell.execution else None for cell in cells]
        if hosts[0] != hosts[1]:
            yield f"{names[0]} and {names[1]} were measured on different hosts, so that the machine explains a part"
