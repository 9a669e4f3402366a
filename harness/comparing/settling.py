"""`compare --settle`: further repeats of what is ambiguous, by turns in a run of their own, until it no longer is."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from harness import pipeline
from harness.analysis import pairing
from harness.analysis.comparison import Asked
from harness.analysis.pairing import Pair
from harness.analysis.process import Process, Processes
from harness.analysis.sides import Side, side_of
from harness.comparing import Read, of_sides, read_sides
from harness.documents import Plan, PlannedCell
from harness.documents.comparison import Comparison, Estimate
from harness.documents.names import cell_name
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput, HarnessError
from harness.pipeline import Interrupted
from harness.preflight.checks import Preflight
from harness.progress import Progress
from harness.text import count, duration

#: So many rounds are measured between two looks, at most.
MOST_ROUNDS = 10
#: Of fewer processes a side, nobody knows how many would settle it: more are measured in any case.
FEWEST = 5
#: What both runs have to have in common to be measured in one, by the name of a plan's field.
SHARED = {
    "gpu": "GPU",
    "memory_bytes": "memory limit",
    "images_folder": "pictures",
    "weights_folder": "weights",
    "code_folder": "--code",
}
#: No process is precise enough: whoever asks for more repeats gets them.
NEVER = 1e-9
LETTERS = ("a", "b")


@dataclass(frozen=True)
class Settled:
    """What was found in the end, and the run that has the further repeats, None where none was needed.

    `interrupted` is what ended the measuring before anything else did: what was found is of all until then.
    """

    comparison: Comparison
    folder: RunFolder | None
    interrupted: Interrupted | None = None


class _Extra:
    """The run of further repeats, as it grows."""

    def __init__(self, plan: Plan, preflight: Preflight, progress: Progress):
        self._plan, self._preflight, self._progress = plan, preflight, progress
        self.folder: RunFolder | None = None
        self.rounds = 0
        self.interrupted: Interrupted | None = None

    def measure(self, cells: Sequence[tuple[PlannedCell, PlannedCell]], rounds: int) -> bool:
        """Measure more rounds of cells of A and B, who take turns in being the first. Returns whether all were fine."""
        added = [each for n in range(self.rounds + 1, self.rounds + rounds + 1) for each in _round(cells, n)]
        self.rounds += rounds
        try:
            return self._measured(added).fine
        except Interrupted as interrupted:
            self.folder, self.interrupted = RunFolder(interrupted.folder), interrupted
            return False

    def _measured(self, added: list[PlannedCell]) -> pipeline.Outcome:
        if self.folder is None:
            plan = replace(self._plan, cells=added)
            outcome = pipeline.start(plan, self._preflight, self._progress, "settle")
            self.folder = outcome.folder
            return outcome
        with self.folder.locked():
            self.folder.replan(replace(self.folder.plan, cells=[*self.folder.plan.cells, *added]))
        return pipeline.resume(self.folder, self._preflight, self._progress)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Say where the repeats are before an error ends all, such as that the machine has other software by now."""
        try:
            yield
        except HarnessError:
            if self.folder:
                self._progress.say(f"the further repeats are kept in {self.folder.path}")
            raise

    def added_to(self, read: tuple[Read, Read]) -> tuple[Read, Read]:
        """Return the sides with the processes that were measured."""
        return tuple(  # type: ignore[return-value]
            replace(side, processes=[*side.processes, *self._of(letter)])
            for letter, side in zip(LETTERS, read, strict=True)
        )

    def _of(self, letter: str) -> Iterator[Process]:
        if self.folder is None:
            return
        processes, path = Processes(), str(self.folder.path.resolve())
        for cell in self.folder.stream():
            process = processes.of(cell, path)
            if process and cell.job.cell.startswith(f"{letter}--"):
                yield process


def settled(
    a: str,
    b: str,
    asked: Asked,
    most_s: float | None,
    command: list[str],
    preflight: Preflight,
    progress: Progress,
) -> Settled:
    """Compare two sides and measure what is ambiguous further, by turns, until nothing is or the seconds are over.

    Raises as compared does, as pipeline.start but for an interruption, and BadInput where the sides can't be measured
    beside each other.
    """
    ends = None if most_s is None else time.monotonic() + most_s
    sides = side_of(a), side_of(b)
    read = read_sides(sides)
    found = of_sides(sides, read, asked, progress)
    extra = _Extra(_blank(sides, command), preflight, progress)
    round_s = 0.0
    while doubtful := _doubtful(found, read, asked):
        rounds = _rounds(doubtful, ends, round_s)
        if isinstance(rounds, str):
            progress.say(rounds)
            break
        progress.say(f"settling {count(len(doubtful), 'model')}: {count(rounds, 'more repeat')} a side, by turns")
        began = time.monotonic()
        with extra.named():
            fine = extra.measure([_cells(sides, pair) for pair, _ in doubtful], rounds)
            round_s = (time.monotonic() - began) / rounds
            found = of_sides(sides, extra.added_to(read), asked, progress)
        if not fine:
            progress.say(f"not settled: {'interrupted' if extra.interrupted else 'a process failed'}")
            break
    return Settled(found, extra.folder, extra.interrupted)


def _doubtful(found: Comparison, read: tuple[Read, Read], asked: Asked) -> list[tuple[Pair, int | None]]:
    """Return what is ambiguous on a clock that counts, with the repeats that would settle it, None where none would."""
    pairs = pairing.paired(read[0].processes, read[1].processes).pairs
    doubtful = []
    for pair, each in zip(pairs, found.models, strict=True):
        open_ = [known for clock in asked.on if (known := each.on(clock)) and known.corrected == "ambiguous"]
        if open_:
            doubtful.append((pair, _needed(open_)))
    return doubtful


def _needed(doubtful: Sequence[Estimate]) -> int | None:
    """Return how many more repeats settle all: at least one, of what is ambiguous only among several models, too."""
    fewest = min(min(known.processes_a, known.processes_b) for known in doubtful)
    unknown = FEWEST - fewest if fewest < FEWEST else None
    needed = [unknown if known.more_repeats is None else known.more_repeats for known in doubtful]
    return None if None in needed else max([1, *filter(None, needed)])


def _rounds(doubtful: list[tuple[Pair, int | None]], ends: float | None, round_s: float) -> int | str:
    """Return how many rounds to measure before the next look: one at first; or a sentence on why no more are."""
    needed = [more for _, more in doubtful if more is not None]
    if not needed:
        return "not settled: no number of repeats in reach would"
    if not round_s:
        return 1
    rounds = min(max(needed), MOST_ROUNDS)
    if ends is None:
        return rounds
    left = ends - time.monotonic()
    affordable = int(left / round_s)
    if affordable < 1:
        return f"not settled in time: {duration(max(left, 0.0))} left, and a repeat of each takes {duration(round_s)}"
    return min(rounds, affordable)


def _blank(sides: tuple[Side, Side], command: list[str]) -> Plan:
    """Return a plan that has all but cells. Raises BadInput where the runs can't share one."""
    plans = [side.folder.plan for side in sides]
    for name, what in SHARED.items():
        if getattr(plans[0], name) != getattr(plans[1], name):
            raise BadInput(f"A and B can't be measured in one run: they have another {what} each", "measure them alike")
    precision = NEVER if any(cell.job.protocol.repeating for cell in plans[0].cells) else None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(plans[0], created_at=now, command=command, cells=[], order_seed=None, precision=precision)


def _cells(sides: tuple[Side, Side], pair: Pair) -> tuple[PlannedCell, PlannedCell]:
    """Return the cells to measure again. Raises BadInput where both are the same."""
    one, two = (
        next(cell for cell in side.folder.plan.cells if cell.job.cell == processes[0].of.cell)
        for side, processes in zip(sides, (pair.a, pair.b), strict=True)
    )
    if replace(one.job, cell="", repeat=1) == replace(two.job, cell="", repeat=1):
        raise BadInput(
            f"A and B were to measure {pair.builder} alike, and what made them differ can't be had again",
            "measure each again with more --repeats",
        )
    return one, two


def _round(cells: Sequence[tuple[PlannedCell, PlannedCell]], number: int) -> Iterator[PlannedCell]:
    for each in cells:
        lettered = list(zip(LETTERS, each, strict=True))
        for letter, cell in lettered if number % 2 else reversed(lettered):
            base = re.sub(r"--r\d+$", "", cell.job.cell)
            yield replace(cell, job=replace(cell.job, cell=cell_name(letter, base, f"r{number}"), repeat=number))
