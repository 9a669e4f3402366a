"""Two sides compared, model by model: the ratio on each clock with its interval and verdict, and what was not alike."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from harness.analysis import pairing
from harness.analysis.alike import unlike
from harness.analysis.pairing import Pair
from harness.analysis.process import Process
from harness.analysis.ratio import (
    ERROR,
    Ratio,
    holm,
    more_repeats,
    overall,
    p_value,
    paired,
    unpaired,
    verdict,
    verdicts,
)
from harness.documents.comparison import Clock, Comparison, Estimate, ModelComparison, OverModels, SideName
from harness.errors import BadInput
from runner.contract import SCHEMA_VERSION

CLOCKS: tuple[Clock, ...] = ("wall", "cpu", "instructions")
MILLION = 1e6
REMEDY = "measure both sides alike, or compare them, labelled, with --allow"


@dataclass(frozen=True)
class Asked:
    """What is asked of a comparison: shares, by which clocks it fails, and whether what is essential may differ."""

    margin: float = 0.03
    fail_on: float | None = None
    on: tuple[Clock, ...] = ("wall",)
    allow: bool = False


@dataclass(frozen=True)
class _Figures:
    """A pair's ratios and what was averaged, in the clock's own unit: by clock, absent where `missing` says why."""

    ratios: dict[Clock, Ratio]
    means: dict[Clock, tuple[float, float]]
    missing: dict[Clock, str]
    unpaired_reason: str | None
    pictures: int
    left_out: int


def compare(
    names: tuple[SideName, SideName], a: Sequence[Process], b: Sequence[Process], failed: Sequence[str], asked: Asked
) -> Comparison:
    """Compare the processes of two sides; `failed` says what else was to be measured.

    Raises BadInput where nothing can be compared, and where what must be alike is not, unless that is allowed.
    """
    try:
        chosen = pairing.paired(a, b)
    except BadInput as error:
        raise BadInput("; ".join([error.reason, *failed]), error.remedy) from error
    differing = unlike(chosen.pairs)
    wrong = [f"{each.what} ({each.a} | {each.b})" for each in differing if each.essential]
    if (wrong or pairing.mixed(chosen.pairs)) and not asked.allow:
        reasons = "; ".join([*dict.fromkeys(wrong), *pairing.mixed(chosen.pairs)])
        raise BadInput(
            f"not comparable: {reasons}", "measure both sides alike, or compare them, labelled, with --allow"
        )
    figures = [_figures(pair) for pair in chosen.pairs]
    estimates = _by_clock(figures, asked)
    models = [
        _model(pair, known, {clock: estimates[clock][n] for clock in CLOCKS})
        for n, (pair, known) in enumerate(zip(chosen.pairs, figures, strict=True))
    ]
    return judged(
        Comparison(
            schema_version=SCHEMA_VERSION,
            a=names[0],
            b=names[1],
            margin=asked.margin,
            fail_on=asked.fail_on,
            on=list(asked.on),
            unlike=differing,
            models=models,
            over_models=list(_over_models(chosen.pairs, figures, asked)),
            left_out=[*failed, *chosen.left_out, *(f"mixed: {text}" for text in pairing.mixed(chosen.pairs))],
            fails=False,
            ambiguous=False,
        )
    )


def judged(comparison: Comparison) -> Comparison:
    """Return the comparison with what an exit code follows: by Holm over all models and clocks that it is told by."""
    chosen = [each.on(clock) for each in comparison.models for clock in comparison.on]
    fails = any(one and one.slower_p is not None and one.slower_p < ERROR for one in chosen)
    ambiguous = any(one is None or one.corrected == "ambiguous" for one in chosen)
    return replace(comparison, fails=fails, ambiguous=ambiguous)


def _figures(pair: Pair) -> _Figures:
    common = _common([*pair.a, *pair.b])
    every = {picture for each in [*pair.a, *pair.b] for picture in each.wall}
    reason = pairing.unpaired_reason(pair.a, pair.b)
    ratios: dict[Clock, Ratio] = {}
    means: dict[Clock, tuple[float, float]] = {}
    missing = {clock: why for each in reversed([*pair.a, *pair.b]) for clock, why in each.missing.items()}
    for clock in (clock for clock in CLOCKS if clock not in missing):
        sides = [[_log(each, clock, common) for each in side] for side in (pair.a, pair.b)]
        ratios[clock] = paired(*pairing.by_rounds(pair, sides)) if reason is None else unpaired(*sides)
        means[clock] = (math.exp(fmean(sides[0])), math.exp(fmean(sides[1])))
    return _Figures(ratios, means, missing, reason, len(common or every), len(every - common) if common else 0)


def _common(processes: Sequence[Process]) -> set[str]:
    """Return the pictures that every process has; none where they were measured on different ones."""
    return set.intersection(*(set(each.wall) for each in processes))


def _log(process: Process, clock: Clock, common: set[str]) -> float:
    """Return a process's log figure: the mean over pictures, of those in common if there are any."""
    figures = process.figures[clock]
    return fmean(figures[name] for name in (common or figures))


def _by_clock(figures: Sequence[_Figures], asked: Asked) -> dict[Clock, list[Estimate | None]]:
    """Return what is said of each model on each clock, corrected over the clocks that an exit code follows at once."""
    estimates: dict[Clock, list[Estimate | None]] = {}
    for family in (asked.on, *((clock,) for clock in CLOCKS if clock not in asked.on)):
        told = iter(_estimates([each.ratios.get(clock) for clock in family for each in figures], asked))
        for clock in family:
            estimates[clock] = [next(told) for _ in figures]
    return estimates


def _estimates(ratios: Sequence[Ratio | None], asked: Asked) -> list[Estimate | None]:
    """Return what is said of each ratio, corrected over those that are known."""
    known = [one for one in ratios if one]
    corrected = iter(verdicts(known, asked.margin))
    limit = asked.fail_on
    chances = iter(holm([p_value(one, limit) for one in known]) if limit is not None else [])
    return [_estimate(one, asked.margin, next(corrected), next(chances, None)) if one else None for one in ratios]


def _estimate(one: Ratio, margin: float, corrected: str, slower_p: float | None) -> Estimate:
    return Estimate(
        ratio=one.value,
        low=one.low,
        high=one.high,
        narrow_low=one.narrow_low,
        narrow_high=one.narrow_high,
        paired=one.paired,
        processes_a=one.processes[0],
        processes_b=one.processes[1],
        verdict=verdict(one, margin),
        corrected=corrected,  # type: ignore[arg-type]
        slower_p=slower_p,
        more_repeats=more_repeats(one, margin),
    )


def _model(pair: Pair, known: _Figures, found: dict[Clock, Estimate | None]) -> ModelComparison:
    if found["wall"] is None:
        raise ValueError(f"{pair.builder} has no time")
    cpu_ms, counts = (known.means.get(clock, (None, None)) for clock in CLOCKS[1:])
    return ModelComparison(
        model=pair.builder,
        part=pair.part,
        pictures=known.pictures,
        pictures_left_out=known.left_out,
        wall_a_ms=known.means["wall"][0],
        wall_b_ms=known.means["wall"][1],
        wall=found["wall"],
        cpu_a_ms=cpu_ms[0],
        cpu_b_ms=cpu_ms[1],
        cpu=found["cpu"],
        cpu_missing_reason=known.missing.get("cpu"),
        unpaired_reason=known.unpaired_reason,
        memory_a_bytes=_most(each.memory_bytes for each in pair.a),
        memory_b_bytes=_most(each.memory_bytes for each in pair.b),
        instructions_a=counts[0] and counts[0] / MILLION,
        instructions_b=counts[1] and counts[1] / MILLION,
        instructions=found["instructions"],
        instructions_missing_reason=known.missing.get("instructions"),
    )


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _over_models(pairs: Sequence[Pair], figures: Sequence[_Figures], asked: Asked) -> Iterator[OverModels]:
    """Yield the geometric means over the models of each part that has several: never one over two parts."""
    for part in dict.fromkeys(pair.part for pair in pairs):
        alike = [known for pair, known in zip(pairs, figures, strict=True) if pair.part == part]
        for clock in CLOCKS:
            ratios = [each.ratios[clock] for each in alike if clock in each.ratios]
            if len(ratios) > 1:
                (estimate,) = _estimates([overall(ratios)], asked)
                if estimate:
                    yield OverModels(part, clock, len(ratios), estimate)
