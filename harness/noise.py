"""The use case of `doctor --noise`: a small cell against itself in fresh processes, and what can be told here by it."""

import math
import time
from dataclasses import replace
from datetime import UTC, datetime

from harness import pipeline
from harness.analysis import noise as analysis
from harness.catalogue import environments
from harness.documents import Plan, noise
from harness.documents.noise import Disturbance, Noise, Reach
from harness.documents.run_folder import Cell, RunFolder
from harness.errors import BadInput, CannotRunHere
from harness.host import machine
from harness.images import recipes
from harness.pipeline import Interrupted
from harness.plan import Request
from harness.preflight import compatibility, disturbances
from harness.preflight.checks import Preflight, Target
from harness.progress import Progress, Silent
from harness.text import count, duration
from runner.contract import SCHEMA_VERSION, Latency

MODEL, PROTOCOL = "ssdlite320_mobilenet_v3_large", "quick-1"
MINUTES, MOST_MINUTES = 5.0, 24 * 60.0
#: Two a side, below which nothing can be compared; and more than anyone waits for.
FEWEST, MOST = 4, 400
REPEATS = (3, 5, 10, 20)


def parse_minutes(text: str) -> float:
    """Return the minutes that a text means. Raises BadInput where it is no number above 0 and up to a day."""
    try:
        return checked_minutes(float(text))
    except ValueError:
        raise BadInput(f"--noise takes a number of minutes, not {text!r:.80}", "write it such as 5") from None


def checked_minutes(minutes: float) -> float:
    """Return the minutes. Raises BadInput where they are not above 0 and up to a day."""
    if not 0 < minutes <= MOST_MINUTES:
        raise BadInput(f"--noise can't take {minutes:g} minutes", f"give more than 0 and up to {MOST_MINUTES:g}")
    return minutes


def measure(minutes: float, command: list[str], preflight: Preflight, progress: Progress) -> Noise:
    """Measure for about so long. Returns what came out, `interrupted` where it was and had enough.

    Raises BadInput where the time does not hold two processes a side, CannotRunHere where the model can't run or too
    few of its processes were fine, Interrupted where too few had been measured by then, and before any of it
    StorageError where nothing could be kept.
    """
    noise.require_place(machine.host_id())
    ends, throttled = time.monotonic() + 60 * minutes, disturbances.throttled_count()
    plan = _planned(command, preflight, progress)
    folder, interrupted = _pilot(plan, preflight, progress), False
    affordable = _affordable(folder, minutes, ends - time.monotonic())
    with folder.locked():
        folder.replan(replace(plan, cells=plan.cells[:affordable]))
    try:
        pipeline.resume(folder, preflight, progress)
    except Interrupted:
        interrupted = True
        if len(_fine(folder)) < FEWEST:
            raise
    return _noise(folder, interrupted, [*disturbances.settings(), *_felt(folder, throttled)])


def _planned(command: list[str], preflight: Preflight, progress: Progress) -> Plan:
    """Plan more processes than will be measured, in an environment that can be had at once."""
    target = preflight.target("auto")
    image = _image(preflight, target)
    request = Request([image], [MODEL], protocol=PROTOCOL, weights="random", repeats=MOST, device=target.device)
    made = pipeline.planned(request, command, preflight, Silent())
    progress.say(f"{MODEL} against itself in {image} on {target.device}, in fresh processes, random weights")
    return made


def _image(preflight: Preflight, target: Target) -> str:
    """Return the environment that --image auto means, if its image is here, else another that is, else local."""
    chosen, _ = preflight.choose(target)
    if chosen.base is None:
        return chosen.label
    others = compatibility.ranked(target.gpu)
    able = [stack for stack in [chosen, *others] if preflight.obstacle(stack, target) is None]
    here = next((stack for stack in able if recipes.find(preflight.engine, stack)), environments()["local"])
    return here.label


def _pilot(plan: Plan, preflight: Preflight, progress: Progress) -> RunFolder:
    """Return the run, with one process measured. Raises CannotRunHere where that failed."""
    progress.say("one process first, which says how many the time holds")
    outcome = pipeline.start(replace(plan, cells=plan.cells[:1]), preflight, progress, "noise")
    (cell,) = outcome.folder.cells()
    if not outcome.fine:
        reason = cell.result.failure.message if cell.result.failure else "it left no result"
        raise CannotRunHere(f"{MODEL} could not be measured: {reason}", f"read {outcome.folder.path}")
    return outcome.folder


def _affordable(folder: RunFolder, minutes: float, left_s: float) -> int:
    """Return how many processes the time holds, an even number, the first included. Raises BadInput below four."""
    (first,) = folder.cells()
    each_s = max(first.execution.wall_seconds if first.execution else 0.0, 0.1)
    affordable = min(MOST, 1 + int(max(left_s, 0.0) / each_s))
    if affordable < FEWEST:
        needed = math.ceil((60 * minutes - left_s + FEWEST * each_s) / 60)
        reason = f"{minutes:g} minutes hold {count(affordable, 'process', 'processes')} of {duration(each_s)} each here"
        raise BadInput(f"{reason}, and two a side take {FEWEST}", f"give it {count(needed, 'minute')}")
    return affordable - affordable % 2


def _fine(folder: RunFolder) -> list[Cell]:
    return [cell for cell in folder.cells() if cell.result.status == "ok" and cell.result.latency]


def _felt(folder: RunFolder, throttled: int | None) -> list[Disturbance]:
    return disturbances.felt([cell.result for cell in _fine(folder)], throttled, disturbances.throttled_count())


def _noise(folder: RunFolder, interrupted: bool, seen: list[Disturbance]) -> Noise:
    cells, tried = _fine(folder), len(folder.cells())
    if len(cells) < FEWEST:
        raise CannotRunHere(f"{len(cells)} of {tried} processes were fine, and two a side take {FEWEST}", _read(folder))
    job, latencies = cells[0].job, [cell.result.latency for cell in cells if cell.result.latency]
    logs, cpu_logs = analysis.wall_logs(latencies, job.protocol.statistic), analysis.cpu_logs(latencies)
    wall = analysis.scatter(logs, analysis.wall_samples(latencies))
    paired, unpaired = analysis.false_alarms(logs)
    return Noise(
        schema_version=SCHEMA_VERSION,
        host=machine.host_id(),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        run=folder.name,
        environment=job.environment,
        device=job.device,
        model=job.model.builder,
        processes=len(cells),
        failed=tried - len(cells),
        iterations=min(len(each) for each in analysis.wall_samples(latencies)),
        interrupted=interrupted,
        wall=wall,
        cpu=None if cpu_logs is None else analysis.scatter(cpu_logs, analysis.cpu_samples(latencies)),
        cpu_missing_reason=_no_cpu_time(latencies) if cpu_logs is None else None,
        margin=analysis.MARGIN,
        paired_false_alarms=paired,
        unpaired_false_alarms=unpaired,
        repeats=analysis.repeats_for(wall.neighbours),
        smallest=[Reach(n, analysis.smallest_shown(wall.neighbours, n)) for n in REPEATS],
        disturbances=seen,
    )


def _read(folder: RunFolder) -> str:
    return f"read {folder.path}"


def _no_cpu_time(latencies: list[Latency]) -> str:
    unknown = any(one.samples.process_cpu_ms is None for one in latencies)
    return "the runner did not look" if unknown else "its clock stood still over most iterations"
