"""Which processes of two sides are compared: those of one model, and where a side has several kinds, of one kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.analysis.facts import FACTS, Of
from harness.analysis.labels import conflicts
from harness.analysis.process import Process
from harness.analysis.series import LatencySeries
from harness.catalogue import displays
from harness.errors import BadInput
from harness.knobs.table import KNOBS
from harness.text import count


@dataclass(frozen=True)
class Pair:
    """A model's processes on both sides; `part` says which of several kinds, "" of the only one."""

    builder: str
    part: str
    a: list[Process]
    b: list[Process]


@dataclass(frozen=True)
class Paired:
    """What can be compared, and a sentence for each model or kind that can't."""

    pairs: list[Pair]
    left_out: list[str]


#: What kinds of one model are told apart by, where a side has several: what a person chose. By name, in this order.
CHOSEN: dict[str, Callable[[LatencySeries], str]] = {
    "environment": lambda series: series.environment,
    "device": lambda series: series.device,
    "machine": lambda series: f"{series.hardware}{f', machine {series.host}' if series.host else ''}",
    "protocol": lambda series: series.protocol,
    "weights": lambda series: f"{series.weights} weights",
}
_SIGHTS = {sight.name for knob in KNOBS for sight in knob.seen}
_OF_KNOBS = [number for number, fact in enumerate(FACTS) if fact.of is Of.RECIPE and fact.name in _SIGHTS]
#: Each by its name there, or its place among FACTS.
TRAITS: list[str | int] = [*CHOSEN, *_OF_KNOBS]
#: Processes by run and repeat.
Rounds = dict[tuple[str, int], Process]
TWO_RUNS = "they are of two runs"


def paired(a: Sequence[Process], b: Sequence[Process]) -> Paired:
    """Return which processes are compared with which. Raises BadInput where none can be."""
    _require_others(a, b)
    models = [model for model in dict.fromkeys(each.builder for each in a) if any(each.builder == model for each in b)]
    named = displays({each.builder for each in [*a, *b]})
    if not models:
        raise BadInput(
            f"no model in common: A has {_models(a, named)}, B has {_models(b, named)}",
            "measure one --model on both sides",
        )
    left = [
        f"{', '.join(alone)}: only in {letter}"
        for letter, side in (("A", a), ("B", b))
        if (alone := list(dict.fromkeys(named[each.builder] for each in side if each.builder not in models)))
    ]
    pairs = []
    for model in models:
        found, unmatched = _of_model(model, [_of(model, side) for side in (a, b)], named[model])
        pairs += found
        left += unmatched
    enough = [pair for pair in pairs if min(len(pair.a), len(pair.b)) > 1]
    left = [*_too_few([pair for pair in pairs if pair not in enough], named), *left]
    if not enough:
        raise BadInput(f"nothing can be compared: {'; '.join(left)}", _remedy(pairs))
    return Paired(enough, left)


def _of(model: str, side: Sequence[Process]) -> list[Process]:
    return [each for each in side if each.builder == model]


def _require_others(a: Sequence[Process], b: Sequence[Process]) -> None:
    """Raise BadInput where a measurement is on both sides: it is no repeat of itself."""
    both = {each.of for each in a} & {each.of for each in b}
    if both:
        cell = min(each.cell for each in both)
        raise BadInput(f"both sides hold the measurement {cell}", "name two runs, or two parts of one such as RUN:ENV")


def _models(side: Sequence[Process], named: dict[str, str]) -> str:
    return ", ".join(dict.fromkeys(named[each.builder] for each in side)) or "none that was timed"


def _of_model(model: str, sides: list[list[Process]], display: str) -> tuple[list[Pair], list[str]]:
    traits = [name for name in TRAITS if any(len({trait(e, name) for e in side}) > 1 for side in sides)]
    kinds: list[dict[tuple[str, ...], list[Process]]] = [{}, {}]
    for side, kind in zip(sides, kinds, strict=True):
        for each in side:
            kind.setdefault(tuple(trait(each, name) for name in traits), []).append(each)
    common = [kind for kind in kinds[0] if kind in kinds[1]]
    left = [
        f"{display}, {', '.join(kind)}: only in {letter}"
        for letter, own, other in (("A", *kinds), ("B", *reversed(kinds)))
        for kind in own
        if kind not in other
    ]
    # What all of a model's kinds that are compared share is not said with each.
    told = [n for n in range(len(traits)) if len({kind[n] for kind in common}) > 1]
    parts = {kind: ", ".join(kind[n] for n in told) for kind in common}
    return [Pair(model, parts[kind], kinds[0][kind], kinds[1][kind]) for kind in common], left


def trait(process: Process, name: str | int) -> str:
    """Return what a process is, in words, by one of TRAITS."""
    if isinstance(name, str):
        return CHOSEN[name](process.series)
    return FACTS[name].text(process.series.facts[name])


def _too_few(pairs: Sequence[Pair], named: dict[str, str]) -> Iterator[str]:
    """Say once for each side which pairs have one process there."""
    alone: dict[str, list[str]] = {}
    for pair in pairs:
        part = f" ({pair.part})" if pair.part else ""
        alone.setdefault("A" if len(pair.a) < 2 else "B", []).append(f"{named[pair.builder]}{part}")
    for letter, which in alone.items():
        yield f"{', '.join(which)}: one process in {letter}, and an interval over processes needs two a side"


def _remedy(pairs: Sequence[Pair]) -> str:
    if pairs:
        return "measure with more --repeats"
    return "name a part that the other side has, too, such as RUN:ENV or RUN@threads=1"


def mixed(pairs: Sequence[Pair]) -> list[str]:
    """Return what was not measured alike within one side, as a merge says it."""
    said = [conflicts(each.series for each in side) for pair in pairs for side in (pair.a, pair.b)]
    return list(dict.fromkeys(text for texts in said for text in texts))


def unpaired_reason(a: Sequence[Process], b: Sequence[Process]) -> str | None:
    """Return why processes can't be compared round by round, None where they ran by turns.

    That is told by when they began: no process of a round after one of the next.
    """
    reason = _turnless(*_by_round(a, b), len(a) + len(b))
    return TWO_RUNS if reason and {each.run for each in a}.isdisjoint(each.run for each in b) else reason


def _turnless(a: Rounds, b: Rounds, processes: int) -> str | None:
    if len(a) + len(b) < processes:
        return "a round has several of them"
    common = sorted(a.keys() & b.keys())
    if len(common) < 2:
        return f"they have {count(len(common), 'round')} in common"
    spans = [sorted(side[key].of.started_at for side in (a, b)) for key in common]
    return "they did not run by turns" if any(former[-1] > later[0] for former, later in pairwise(spans)) else None


def _by_round(a: Sequence[Process], b: Sequence[Process]) -> tuple[Rounds, Rounds]:
    """Return the processes of both sides by round: the repeat of a run.

    Where each side is a run of its own on one machine, these may have taken turns: their repeats are rounds then.
    """
    hosts, runs = {each.of.host for each in [*a, *b]}, [{each.run for each in side} for side in (a, b)]
    apart = len(hosts) == len(runs[0]) == len(runs[1]) == 1 and None not in hosts
    of_a, of_b = ({("" if apart else each.run, each.round): each for each in side} for side in (a, b))
    return of_a, of_b


def by_rounds(pair: Pair, figures: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Return the figures of A's and B's processes in one order of the rounds that both have."""
    a, b = (dict(zip(side, each, strict=True)) for side, each in zip(_by_round(pair.a, pair.b), figures, strict=True))
    common = sorted(a.keys() & b.keys())
    return [a[one] for one in common], [b[one] for one in common]
