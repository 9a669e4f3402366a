"""Where the time of a model differs between two profiles, why that is, and what differs around them."""

from collections.abc import Iterator, Sequence

import numpy as np

from harness.analysis.circumstances import bearing, circumstances
from harness.analysis.places import Expense, by_place, kinds_of
from harness.analysis.uncertainty import median_interval
from harness.documents.explanation import EXPLANATION_VERSION, Circumstance, Explanation, PlaceDifference, Why
from runner.contract import Profile, Result

#: A smaller difference of whole calls, as a share, is what a process differs from itself by.
NOISE = 0.05
#: Of the difference, how much is named.
NAMED = 0.9
#: Calls, or elements, that differ by more than this factor are other work.
MORE = 1.1
#: The least part of longer wall time that is CPU time where threads do not wait.
BUSY = 0.5


def explained(names: tuple[str, str], a: Result, b: Result, display: str) -> Explanation:
    """Return where B's time differs from A's, both of which have a profile. Raises ValueError where one has none."""
    first, second = _profile(a), _profile(b)
    differing = circumstances(a, b)
    return Explanation(
        schema_version=EXPLANATION_VERSION,
        builder=a.job.model.builder,
        model=display,
        a=names[0],
        b=names[1],
        a_ms=float(np.median(first.wall_ms)),
        b_ms=float(np.median(second.wall_ms)),
        a_cpu_ms=float(np.median(first.cpu_ms)),
        b_cpu_ms=float(np.median(second.cpu_ms)),
        beyond_noise=_beyond_noise(first, second),
        differences=named(first, second, differing),
        circumstances=differing,
        remarks=[text for letter, profile in (("A", first), ("B", second)) for text in _remarks(letter, profile)],
    )


def named(a: Profile, b: Profile, differing: Sequence[Circumstance] = ()) -> list[PlaceDifference]:
    """Return the places where B's time differs from A's, the largest first; none where that is not beyond noise."""
    return _named(_differences(a, b, list(differing))) if _beyond_noise(a, b) else []


def _remarks(letter: str, profile: Profile) -> Iterator[str]:
    if profile.missing_reason:
        yield f"{letter} is explained by modules alone: {profile.missing_reason}"
    if profile.modules_missing_reason:
        yield f"of {letter}, {profile.modules_missing_reason}"


def _profile(result: Result) -> Profile:
    profile = result.latency.profile if result.latency else None
    if profile is None or not profile.wall_ms:
        raise ValueError(f"{result.job.cell} has no profile")
    return profile


def _beyond_noise(a: Profile, b: Profile) -> bool:
    """Tell whether whole calls differ by more than noise: the intervals of their medians lie that far apart."""
    first, second = (np.asarray(each.wall_ms) for each in (a, b))
    ends = [
        (found.low_ms, found.high_ms) if (found := median_interval(times)) else (times.min(), times.max())
        for times in (first, second)
    ]
    apart = ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]
    return bool(apart and abs(np.log(np.median(second) / np.median(first))) > NOISE)


def _differences(a: Profile, b: Profile, differing: list[Circumstance]) -> list[PlaceDifference]:
    """Return the places that differ in the direction of the whole, the largest first, with their shares of it."""
    kinds = kinds_of((a, b))
    first, second = by_place(a, kinds), by_place(b, kinds)
    sign = 1.0 if np.median(b.wall_ms) > np.median(a.wall_ms) else -1.0
    pairs = {place: (first.get(place, Expense()), second.get(place, Expense())) for place in {**first, **second}}
    longer = {place: sign * (there.ms - here.ms) for place, (here, there) in pairs.items()}
    places = sorted((place for place in pairs if longer[place] > 0), key=lambda place: -longer[place])
    whole = sum(longer[place] for place in places)
    return [
        PlaceDifference(
            *place,
            a=pairs[place][0].told(a),
            b=pairs[place][1].told(b),
            share=longer[place] / whole,
            why=_why(*(pairs[place] if sign > 0 else pairs[place][::-1])),
            bearing=list(bearing(differing, place[1])),
        )
        for place in places
    ]


def _named(differences: Sequence[PlaceDifference]) -> list[PlaceDifference]:
    """Return the first ones that together are as much of the difference as is to be named."""
    named: list[PlaceDifference] = []
    for each in differences:
        if sum(before.share for before in named) >= NAMED:
            break
        named.append(each)
    return named


def _why(fast: Expense, slow: Expense) -> Why:
    """Return why a place takes longer on one side: the work, the kernels, the threads, or none of that."""
    known = fast.elements and slow.elements
    # A module is called once more where a version of torchvision wraps it.
    if _differ(fast.elements, slow.elements) if known else _differ(fast.calls, slow.calls):
        return "other work"
    # Without one that takes much on each side, nothing tells kernels apart.
    if fast.operators and slow.operators and not set(fast.operators) & set(slow.operators):
        return "other kernels"
    return "threads waiting" if slow.cpu_ms - fast.cpu_ms < BUSY * (slow.ms - fast.ms) else "slower"


def _differ(a: float, b: float) -> bool:
    return min(a, b) > 0 and max(a, b) / min(a, b) > MORE
