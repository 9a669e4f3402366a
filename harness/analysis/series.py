"""What makes cells comparable: those of one series differ in model and repeat alone.

A series is made of what was observed, see facts.py. What was asked for belongs to it only where nothing can be
observed, and the name of a thing only beside what the thing is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.analysis.facts import FACTS, NOT_RECORDED, SOFTWARE, Fact, Of, goes_on
from harness.analysis.naming import UNMEASURED, content_of, hardware_name, short, weights_name
from harness.analysis.pins import pinned
from harness.catalogue import detector
from harness.documents.run_folder import Cell
from runner.contract import BoxRule, Device


@dataclass(frozen=True)
class Series:
    """What every series shares.

    `host` is None where the machine is not known; then `run` keeps it apart from the unknown machines of other runs.
    `facts` are what was observed, in the order of FACTS. `state` is None unless one model was measured in several.
    """

    environment: str
    device: Device
    hardware: str
    host: str | None
    run: str | None
    protocol: str
    weights: str
    pinned: bool
    facts: tuple[str | None, ...]
    state: str | None = None

    def fact(self, name: str) -> str | None:
        """Return what was observed under that name, None where nothing was."""
        return next(value for fact, value in zip(FACTS, self.facts, strict=True) if fact.name == name)

    @property
    def without_stack(self) -> "Series":
        """What series of different environments must share to be compared: everything but the software."""
        return replace(self, environment="", pinned=True, facts=self._facts(lambda fact: fact.of is not Of.STACK))

    @property
    def asked(self) -> "Series":
        """What a cell that was never measured has in common with those that were."""
        facts = self._facts(lambda fact: fact.asked)
        return replace(self, hardware=UNMEASURED, host=None, run=None, pinned=True, facts=facts, state=None)

    @property
    def software(self) -> tuple[object, ...]:
        """What an AP is of, whatever machine found it: the environment, its software as observed, and the weights."""
        return (self.environment, self.weights, self._facts(lambda fact: fact.name in SOFTWARE))

    @property
    def detecting(self) -> tuple[object, ...]:
        """What a detection pass shares with the latencies for which its verdict holds: all but how it was measured."""
        switches = self._facts(lambda fact: fact.detects)
        return (*self.software, switches, self.device, self.hardware, self.host, self.run)

    def goes_on_from(self, other: "Series") -> bool:
        """Tell whether all that is known of the other is known here, and perhaps more of what grows."""
        facts = zip(FACTS, self.facts, other.facts, strict=True)
        grown = all(goes_on(own, its) for fact, own, its in facts if fact.grows)
        return grown and self.without_growth == other.without_growth

    @property
    def without_growth(self) -> "Series":
        """What two series share of which one goes on from the other."""
        return replace(self, facts=self._facts(lambda fact: not fact.grows))

    def may_hold(self, unmeasured: "Series") -> bool:
        """Tell whether a cell that was never measured belongs here: asked for the same, and of no other machine."""
        here = (self.host, self.run) == (unmeasured.host, unmeasured.run)
        unknown = unmeasured.host is None and self.host is not None
        return self.asked == unmeasured.asked and (here or unknown) and self._as_wished(unmeasured)

    def _as_wished(self, unmeasured: "Series") -> bool:
        """Tell whether what was observed here is what a cell that observed nothing was to be measured with."""
        facts = zip(FACTS, self.facts, unmeasured.facts, strict=True)
        return all(wish in (None, seen) for fact, seen, wish in facts if fact.of is Of.RECIPE)

    def _facts(self, kept: Callable[[Fact], bool]) -> tuple[str | None, ...]:
        return tuple(value if kept(fact) else None for fact, value in zip(FACTS, self.facts, strict=True))


@dataclass(frozen=True)
class LatencySeries(Series):
    """A column of the latency table."""


@dataclass(frozen=True, kw_only=True)
class AccuracySeries(Series):
    """An accuracy table; `content` is None unless datasets of one name have to be told apart."""

    dataset: str
    images: int
    box_rule: BoxRule
    content: str | None = None


@dataclass(frozen=True)
class State:
    """What else has to be the same in a series, and differs between models all the same.

    A model is measured in one state: with weights of one hash, and the thresholds of the catalogue or others. A kind of
    annotations, those of instances or of keypoints, has one content.
    """

    builder: str
    model: str
    kind: str | None
    content: str | None


#: The weights of a detector that its own function has filled (naming.weights_name).
OWN = "own"
S = TypeVar("S", bound=Series)
T = TypeVar("T")


def latency_series(cell: Cell) -> LatencySeries:
    """Return the column that a cell of the suite latency belongs to."""
    return LatencySeries(**vars(shared(cell)))


def accuracy_series(cell: Cell) -> AccuracySeries | None:
    """Return the table that a cell of the suite accuracy belongs to, None where the cell is of another suite."""
    dataset, how = cell.job.dataset, cell.job.detection
    if dataset is None or how is None:
        return None
    passed = cell.result.detections if dataset.follows else None  # to which fewer may come than were planned
    common, images = vars(shared(cell)), passed.images if passed else len(dataset.ids)
    return AccuracySeries(**common, dataset=dataset.name, images=images, box_rule=how.box_rule)


def shared(cell: Cell) -> Series:
    """Return what the series of a cell has, whatever its suite."""
    job, execution = cell.job, cell.execution
    host = execution.host.id if execution else None
    return Series(
        environment=job.environment,
        device=job.device,
        hardware=hardware_name(cell.result),
        host=host,
        run=None if host else cell.run,
        protocol=job.protocol.name,
        weights=weights_name(job),
        pinned=pinned(cell) is not False,
        facts=tuple(fact.observed(cell) for fact in FACTS),
    )


def state_of(cell: Cell) -> State | None:
    """Return the state in which the cell's model was measured, None where it was not."""
    if cell.result.latency is None and cell.result.detections is None:
        return None
    model, dataset = cell.job.model, cell.job.dataset
    known = detector(model.builder, cell.result.makes)
    own = [] if model.thresholds == known.thresholds else [f"thresholds {short(repr(model.thresholds))}"]
    text = ", ".join([f"weights {(cell.result.weights_sha256 or NOT_RECORDED)[:6]}", *own])
    kind = "keypoints" if "keypoints" in known.tasks else "instances"
    return State(model.builder, text, kind if dataset else None, content_of(dataset) if dataset else None)


def grouped(items: Iterable[tuple[S, State | None, T]]) -> dict[S, list[T]]:
    """Return what is handed in by series, in order of appearance.

    What was cut short belongs to the series that goes on from its own. Where a series has one model in several states,
    or one kind of annotations with several contents, each has a series of its own. What was not measured goes where
    what it was asked for was, if it was.
    """
    items = list(items)
    grown = whole(series for series, _, _ in items)
    items = [(grown[series], state, item) for series, state, item in items]
    states: dict[tuple[S, str | None], set[str | None]] = {}
    for series, state, _ in items:
        if state:
            states.setdefault((series, state.builder), set()).add(state.model)
            states.setdefault((series, state.kind), set()).add(state.content)
    members: dict[S, list[T]] = {}
    for series, state, item in items:
        if state:
            own = series
            if len(states[series, state.builder]) > 1:
                own = replace(own, state=state.model)
            if isinstance(own, AccuracySeries) and len(states[series, state.kind]) > 1:
                own = replace(own, content=state.content)
            members.setdefault(own, []).append(item)
    for series, state, item in items:
        if state is None:
            place = next((each for each in members if each.may_hold(series)), series)
            members.setdefault(place, []).append(item)
    return members


def whole(series: Iterable[S]) -> dict[S, S]:
    """Return for each series the one that goes on furthest from it: most often itself."""
    groups: dict[Series, list[S]] = {}
    for each in dict.fromkeys(series):
        groups.setdefault(each.without_growth, []).append(each)
    return {
        each: max((other for other in alike if other.goes_on_from(each)), key=_length)
        for alike in groups.values()
        for each in alike
    }


def _length(series: Series) -> int:
    return sum(len(value or "") for fact, value in zip(FACTS, series.facts, strict=True) if fact.grows)


def own_beside(members: dict[S, list[T]], builder: Callable[[T], str]) -> dict[S, list[T]]:
    """Return the series of a table, with people's own detectors in the column of those that they share all else with.

    What a person's own function fills its detector with belongs to that row alone. It keeps a column of its own where
    there are several such, and where that one has other weights of the very detector.
    """
    rows = {series: set(map(builder, items)) for series, items in members.items() if series.weights != OWN}
    place_of: dict[S, S] = {}
    for own in (series for series in members if series.weights == OWN):
        places = [series for series in rows if _is_beside(own, series)]
        if len(places) == 1 and rows[places[0]].isdisjoint(map(builder, members[own])):
            place_of[own] = places[0]
    joined: dict[S, list[T]] = {series: [] for series in members if series not in place_of}
    for series, items in members.items():
        joined[place_of.get(series, series)].extend(items)
    return joined


def _is_beside(own: Series, other: Series) -> bool:
    alike = replace(own, weights=other.weights)
    beside = alike.goes_on_from(other) or other.goes_on_from(alike)
    return beside or (own.hardware == UNMEASURED and other.may_hold(alike))


def by_accuracy_series(cells: Iterable[Cell]) -> dict[AccuracySeries, list[Cell]]:
    """Return the cells of the suite accuracy by table."""
    of_the_suite = ((accuracy_series(cell), cell) for cell in cells)
    return grouped((series, state_of(cell), cell) for series, cell in of_the_suite if series)
