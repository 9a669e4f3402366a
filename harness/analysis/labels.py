"""What tells series apart, in words: the labels of columns, and what can't be merged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.facts import FACTS, Fact, Of, furthest, goes_on
from harness.analysis.ladders import Ladders, place_of
from harness.analysis.naming import UNMEASURED
from harness.analysis.series import OWN, AccuracySeries, LatencySeries, S, Series
from harness.text import count


@dataclass(frozen=True)
class Trait:
    """One thing in which series can differ: its value, None where unknown, how it reads in a label, and its name.

    A `prominent` one is in each label of a table in whose columns it varies, another only where nothing else tells two
    of them apart. `of` is the fact that it is, if it is one.
    """

    value: str | None
    label: str
    word: str = ""
    prominent: bool = False
    may_differ: bool = False
    essential: bool = False
    of: Fact | None = None

    @property
    def shown(self) -> str | None:
        """The value as people read it."""
        return self.value if self.of is None or self.value is None else self.of.shown(self.value)

    def differs(self, other: "Trait") -> bool:
        """Tell whether two series differ in it: of what grows, not where one was only cut short."""
        if self.of is None or not self.of.grows:
            return self.value != other.value
        return not (goes_on(self.value, other.value) or goes_on(other.value, self.value))


@dataclass(frozen=True)
class Difference:
    """What two series differ in, by its name, with each one's value, None where unknown.

    An `essential` one, known of both, makes them measurements of different things.
    """

    word: str
    a: str | None
    b: str | None
    essential: bool


#: The facts without which two latencies are not of the same work.
ESSENTIAL = ("recipe", "inputs")


def _traits(series: Series) -> Iterator[Trait]:
    column, facts = isinstance(series, LatencySeries), list(zip(FACTS, series.facts, strict=True))
    yield Trait(series.protocol, series.protocol, "protocol", column, essential=True)
    # What a person's own function fills its detector with is nobody's choice, and contradicts none.
    chosen = None if series.weights == OWN else series.weights
    yield Trait(chosen, f"{series.weights} weights", "weights", column, essential=True)
    yield Trait(series.state, series.state or "", "weights or thresholds of one model", column, essential=True)
    if isinstance(series, AccuracySeries):
        yield Trait(series.content, f"content {series.content}" if series.content else "", may_differ=True)
        yield _how_detected(series, [(fact, value) for fact, value in facts if _tells_how_detected(fact)])
    for fact, value in facts:
        if not _tells_how_detected(fact):
            prominent, essential = column and fact.of is Of.RECIPE, fact.name in ESSENTIAL
            word = fact.word or fact.name
            yield Trait(value, fact.text(value), word, prominent, fact.may_differ, essential, fact)
    yield Trait("yes" if series.pinned else "no", "pinned" if series.pinned else "not pinned", "pinned", column)
    machine = f"machine {series.host}" if series.host else f"unknown machine of {series.run}"
    yield Trait(machine, machine, "machine", may_differ=True)


def _tells_how_detected(fact: Fact) -> bool:
    return fact.suite == "accuracy" and not fact.may_differ


def _how_detected(series: AccuracySeries, facts: Sequence[tuple[Fact, str | None]]) -> Trait:
    """Return how a pass detected, which is told as one: by facts of its suite alone, and the box rule."""
    text = ", ".join([*(fact.text(value) for fact, value in facts if value is not None), series.box_rule])
    return Trait(text, text, f"{', '.join(fact.word for fact, _ in facts)} or box rule")


def labels_of(series: Sequence[S]) -> dict[S, str]:
    """Name each series as short as it stays unmistakable among the others."""
    traits = {each: list(_traits(each)) for each in series}
    labels = {each: [_title(each)] for each in series}
    columns = [column for column in zip(*traits.values(), strict=True) if len({trait.value for trait in column}) > 1]
    for column in (column for column in columns if column[0].prominent):
        for each, trait in zip(series, column, strict=True):
            labels[each] += [trait.label] if trait.label else []
    for column in (column for column in columns if not column[0].prominent):
        for alike in _alike(labels):
            told = {each: column[series.index(each)] for each in alike}
            if len({trait.value for trait in told.values()}) > 1:
                for each, trait in told.items():
                    labels[each] += [trait.label] if trait.label else []
    return {each: " · ".join(parts) for each, parts in labels.items()}


def split_labels(series: Sequence[LatencySeries]) -> tuple[str, dict[LatencySeries, str]]:
    """Return what the labels of all series share, and of each label the rest, which stays unmistakable beside it.

    That is the machine, if all that was measured is of one, else the environment, if all of several are of one.
    """
    labels = labels_of(series)
    machines = {(each.hardware, each.host, each.run) for each in series if each.hardware != UNMEASURED}
    if len(machines) == 1:
        ((hardware, *_),) = machines
        return hardware, {each: _without(label, each, hardware) for each, label in labels.items()}
    if len(series) > 1 and len({each.environment for each in series}) == 1:
        return series[0].environment, {each: _without(label, each, each.environment) for each, label in labels.items()}
    return "", labels


def _without(label: str, series: LatencySeries, part: str) -> str:
    """Return the label of a series without its environment or its hardware."""
    first = _title(series)
    kept = [text for text in (series.environment, series.hardware) if text != part]
    return " · ".join(kept) + label.removeprefix(first)


def _title(series: Series) -> str:
    if isinstance(series, AccuracySeries):
        return f"{series.dataset}, {count(series.images, 'image')}: {series.environment} · {series.hardware}"
    return f"{series.environment} · {series.hardware}"


def _alike(labels: dict[S, list[str]]) -> list[list[S]]:
    groups: dict[tuple[str, ...], list[S]] = {}
    for series, parts in labels.items():
        groups.setdefault(tuple(parts), []).append(series)
    return [group for group in groups.values() if len(group) > 1]


def conflicts(series: Iterable[Series], ladders: Ladders | None = None) -> list[str]:
    """Return a sentence for each environment on a machine whose results were not measured alike, with what differs.

    Accuracy on different datasets is no conflict: they have tables of their own. Nor is what one of them did not
    record, nor are the steps of a run's ladder: they are labelled.
    """
    groups: dict[tuple[object, ...], list[Series]] = {}
    for each in dict.fromkeys(series):
        if each.hardware != UNMEASURED:
            content = each.content if isinstance(each, AccuracySeries) else None
            groups.setdefault((type(each), *place_of(each), content), []).append(each)
    known = ladders or {}
    differing = ((alike[0], _differences(alike, known.get(place_of(alike[0]), []))) for alike in groups.values())
    return [f"{first.environment} on {first.hardware}: {', '.join(texts)}" for first, texts in differing if texts]


def differences(a: Series, b: Series) -> list[Difference]:
    """Return what two series differ in, what is known of one alone too: first what makes them incomparable."""
    pairs = zip(_traits(a), _traits(b), strict=True)
    found = [
        Difference(one.word, one.shown, two.shown, one.essential and None not in (one.value, two.value))
        for one, two in pairs
        if one.differs(two)
    ]
    return sorted(found, key=lambda each: not each.essential)


def _differences(alike: Sequence[Series], ladders: Sequence[tuple[str, frozenset[str]]]) -> list[str]:
    """Return in what series differ that must not, and the values that are known."""
    texts = []
    for column in zip(*map(_traits, alike), strict=True):
        fact, known = column[0].of, list(dict.fromkeys(trait.value for trait in column if trait.value is not None))
        if fact is not None and fact.grows:
            known = furthest(known)
        side_by_side = any(fact and fact.name == name and steps.issuperset(known) for name, steps in ladders)
        if len(known) > 1 and not column[0].may_differ and not side_by_side:
            shown = map(fact.shown, known) if fact else known
            texts.append(f"{column[0].word} ({' | '.join(shown)})")
    return texts
