"""What may be the cause is taken away from both sides, and what remains of their difference is measured, by turns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from harness.analysis import ratio
from harness.documents.explanation import Explanation, Remaining, Tried
from harness.documents.run_folder import Cell, RunFolder
from harness.explaining.causes import CAUSES, ONE_THREAD, Cause
from harness.explaining.turns import Anew, measured
from harness.plan import Request
from harness.progress import Progress
from runner.contract import Result
from runner.contract.statistics import measured_ms

#: Processes of each side, with each cause and without it, so that ratios have intervals.
PROCESSES = 3
#: Two threads on one core take up to twice the CPU time of one, since they share it; what is this much beyond is spent
#: waiting, by spinning.
SPINNING = 2.5
ALIKE = "it would make both sides one"


@dataclass(frozen=True)
class Trial:
    """What is tried on the sides of one model, and what is not, in a sentence each."""

    causes: list[Cause] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def trial(explanation: Explanation, sides: Sequence[Anew], a: Result, b: Result) -> Trial:
    """Return what is to be tried: causes of which a circumstance differs that bears on a place where the sides do."""
    bearing = {name for each in explanation.differences for name in each.bearing}
    found = Trial()
    for cause in (each for each in CAUSES if each.circumstances & bearing):
        alike = len({(side.environment, side.variant) for side in (without(each, cause) for each in sides)}) == 1
        reason = ALIKE if alike else None if cause.there(a, b) else cause.nothing
        if reason:
            found.left_out.append(f"not tried, {cause.what}: {reason}")
        else:
            found.causes.append(cause)
    return found


def without(side: Anew, cause: Cause) -> Anew:
    """Return the side with the cause taken away."""
    return replace(side, variant=replace(side.variant, **cause.knobs))


def measured_without(
    sides: Sequence[Anew], trials: Mapping[str, Trial], request: Request, command: list[str], progress: Progress
) -> Path | None:
    """Measure both sides as they are and without what is tried of any model, by turns, in several processes each.

    `trials` are by the models' builders. Returns the run's folder, None where there is nothing to try.
    """
    models = [builder for builder, of in trials.items() if of.causes]
    causes = [cause for cause in CAUSES if any(cause in of.causes for of in trials.values())]
    if not models:
        return None
    progress.say(f"trying {', '.join(cause.what for cause in causes)}")
    others = [without(side, cause) for cause in causes for side in sides]
    return measured([*sides, *others], replace(request, models=models, repeats=PROCESSES), command, progress)


def told(explanation: Explanation, both: Sequence[Anew], of: Trial, run: Path | None) -> Explanation:
    """Return the explanation with what remains of B's time over A's without each cause, and what could not be tried."""
    cells = _cells(run, explanation.builder) if run else []
    tried: list[Tried] = []
    said = list(of.left_out)
    for cause in of.causes:
        sides = [[_of(cells, side), _of(cells, without(side, cause))] for side in both]
        kept = _kept(cause, [after for _, after in sides])
        if kept:
            said.append(kept)
        else:
            tried.append(Tried(cause.what, _ratio(sides[0][0], sides[1][0]), _ratio(sides[0][1], sides[1][1])))
        if cause.what == ONE_THREAD:
            said += [text for letter, side in zip("AB", sides, strict=True) if (text := _spinning(letter, *side))]
    return replace(explanation, tried=tried, remarks=[*explanation.remarks, *said])


def _cells(run: Path, builder: str) -> list[Cell]:
    cells = RunFolder(run).cells()
    return [cell for cell in cells if cell.job.model.builder == builder and cell.result.latency]


def _of(cells: Sequence[Cell], side: Anew) -> dict[int, Result]:
    """Return the results of a side by their round."""
    wanted = (side.environment, side.variant)
    return {cell.job.repeat: cell.result for cell in cells if (cell.job.environment, cell.job.variant) == wanted}


def _kept(cause: Cause, sides: Sequence[Mapping[int, Result]]) -> str | None:
    """Say where a cause was still there when it should have been taken away."""
    pairs = [(sides[0][turn], sides[1][turn]) for turn in sides[0].keys() & sides[1].keys()]
    if any(cause.there(*pair) for pair in pairs):
        return f"not told, {cause.what}: a stack did not follow, and the cause was still there"
    return None


def _ratio(first: Mapping[int, Result], second: Mapping[int, Result]) -> Remaining | None:
    rounds = first.keys() & second.keys()
    if len(rounds) < 2:
        return None
    found = ratio.by_round(_logs(first), _logs(second))
    return Remaining(found.value, found.low, found.high, len(rounds))


def _logs(results: Mapping[int, Result]) -> dict[int, float]:
    """Return the log of the median latency of each process, by its round."""
    return {turn: math.log(median(measured_ms(of.latency))) for turn, of in results.items() if of.latency}


def _spinning(letter: str, several: Mapping[int, Result], one: Mapping[int, Result]) -> str | None:
    """Say where several threads take more CPU time than one by what only waiting explains."""
    before, after = _cpu_ms(several), _cpu_ms(one)
    if before is None or after is None or before < SPINNING * after:
        return None
    takes = f"{letter}'s threads take {before:.1f} ms of CPU time an iteration, one alone {after:.1f} ms"
    return f"{takes}: they wait for each other by spinning"


def _cpu_ms(results: Mapping[int, Result]) -> float | None:
    """Return the median over processes of the CPU time of an iteration, None where it was not recorded."""
    medians = [median(_measured_cpu(of)) for of in results.values() if _measured_cpu(of)]
    return median(medians) if medians else None


def _measured_cpu(result: Result) -> list[float]:
    samples = result.latency.samples if result.latency else None
    if samples is None or samples.process_cpu_ms is None:
        return []
    pairs = zip(samples.phase, samples.process_cpu_ms, strict=True)
    return [ms for phase, ms in pairs if phase == "measured"]
