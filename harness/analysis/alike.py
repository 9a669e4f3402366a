"""What was not alike on two sides that are compared: what they are, and what else the machine did meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import fmean

from harness.analysis.cautions import OTHER_LOAD_CPUS
from harness.analysis.labels import Difference, differences
from harness.analysis.pairing import Pair
from harness.analysis.process import Process, Surroundings
from harness.analysis.series import Series, whole
from harness.documents.comparison import Unlike
from harness.text import percent

LIBRARIES, PICTURES = "BLAS or OpenMP", "pictures"
#: What differs wherever something else does, and is a hash that tells nobody more.
IMPLIED = {"image": "environment", "how torch was built": "torch"}
#: By name: what is averaged over the processes of a side, how it is said, and from where on, or how far apart, it
#: makes a verdict doubtful.
MEANWHILE: dict[str, tuple[Callable[[Surroundings], float | None], Callable[[float], str], float]] = {
    "CPUs that other work kept busy": (lambda seen: seen.other_load, "{:.2f}".format, OTHER_LOAD_CPUS),
    "CPUs that other guests took": (lambda seen: seen.steal, "{:.2f}".format, 0.05),
    "periods stopped by a CPU quota": (lambda seen: seen.throttled, partial(percent, decimals=0), 0.01),
    "samples that lost CPU time": (lambda seen: seen.doubt, partial(percent, decimals=0), 0.05),
}


def unlike(pairs: Sequence[Pair]) -> list[Unlike]:
    """Return what was not alike, each once with the models that it holds for: essential, then disturbing, then else."""
    found: dict[tuple[str, str | None, str | None, bool], list[str]] = {}
    for pair in pairs:
        for each in _facts(pair):
            found.setdefault(each, []).append(pair.builder)
    facts = [
        Unlike(what, a, b, list(dict.fromkeys(models)), essential) for (what, a, b, essential), models in found.items()
    ]
    essential = [each for each in facts if each.essential]
    return [*essential, *_meanwhile(pairs), *(each for each in facts if not each.essential)]


def _facts(pair: Pair) -> Iterator[tuple[str, str | None, str | None, bool]]:
    a, b = _series(pair.a), _series(pair.b)
    named = [Difference(*each, essential=False) for each in _named(pair)]
    differing = [each for each in [*named, *differences(a, b)] if each.a != each.b]
    words = {each.word for each in differing}
    for each in differing:
        if IMPLIED.get(each.word) not in words:
            texts = _told(each, pair)
            yield each.word, texts[0], texts[1], each.essential
    if missing := {name for each in [*pair.a, *pair.b] for name in each.wall} - _all_have(pair):
        sides = [{name for each in side for name in each.wall} for side in (pair.a, pair.b)]
        if sides[0] != sides[1] and missing:
            yield PICTURES, str(len(sides[0])), str(len(sides[1])), False


def _series(side: Sequence[Process]) -> Series:
    """Return the series of a side: the first process's, or the one that goes on from it."""
    first = side[0].series
    return whole(each.series for each in side)[first]


def _all_have(pair: Pair) -> set[str]:
    return set.intersection(*(set(each.wall) for each in [*pair.a, *pair.b]))


def _named(pair: Pair) -> list[tuple[str, str, str]]:
    a, b = pair.a[0].series, pair.b[0].series
    return [(name, getattr(a, name), getattr(b, name)) for name in ("environment", "device", "hardware")]


def _told(difference: Difference, pair: Pair) -> tuple[str | None, str | None]:
    """Return the values of a difference: of libraries their names, whose hash tells nobody anything."""
    if difference.word != LIBRARIES:
        return difference.a, difference.b
    a, b = (set(side[0].libraries) for side in (pair.a, pair.b))
    return ", ".join(sorted(a - b)) or None, ", ".join(sorted(b - a)) or None


def _meanwhile(pairs: Sequence[Pair]) -> Iterator[Unlike]:
    """Yield what disturbed: the most that the processes of a model had on average, and which models had too much."""
    for what, (read, form, limit) in MEANWHILE.items():
        means = {
            (n, side): _mean(each, read)
            for n, pair in enumerate(pairs)
            for side, each in (("a", pair.a), ("b", pair.b))
        }
        models = [pairs[n].builder for (n, _), mean in means.items() if mean is not None and mean > limit]
        if models:
            a, b = (_said([mean for (_, of), mean in means.items() if of == side], form) for side in "ab")
            yield Unlike(what, a, b, list(dict.fromkeys(models)), disturbs=True)


def _said(means: Sequence[float | None], form: Callable[[float], str]) -> str | None:
    known = [mean for mean in means if mean is not None]
    return form(max(known)) if known else None


def _mean(side: Sequence[Process], read: Callable[[Surroundings], float | None]) -> float | None:
    values = [value for each in side if (value := read(each.surroundings)) is not None]
    return fmean(values) if values else None
