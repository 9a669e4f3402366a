"""The use case of `compare`: two sides read, and compared, with what their passes detected beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.analysis import comparison
from harness.analysis.comparison import Asked
from harness.analysis.process import Process, Processes
from harness.analysis.reading import no_collection
from harness.analysis.sides import Side, require_part, side_of
from harness.analysis.timed import outcome
from harness.catalogue import detector, pick
from harness.documents.agreement import Agreement, Tolerances
from harness.documents.comparison import Clock, Comparison, ModelComparison, SideName
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.runs import told_apart
from harness.errors import BadInput, HarnessError
from harness.plan import budget
from harness.preflight.noise import cited
from harness.progress import Progress
from harness.text import count

#: A margin beyond which nothing would be told apart.
MOST_PERCENT = 100.0
#: By the word of --on.
ON: dict[str, tuple[Clock, ...]] = {"wall": ("wall",), "cpu": ("cpu",), "both": ("wall", "cpu")}


@dataclass
class Read:
    """What stays of a side: the processes that were timed, the passes, why others have no figure, and on which host."""

    processes: list[Process] = field(default_factory=list)
    passes: list[tuple[RunFolder, Cell]] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    timed: int = 0

    def take(self, cell: Cell, folder: RunFolder, process: Process | None) -> None:
        """Take in a cell of the side, and the process that it is, if it was timed."""
        if cell.result.detections:
            self.passes.append((folder, cell))
        if cell.job.suite != "latency":
            return
        self.timed += 1
        if process:
            self.processes.append(process)
        elif reasons := outcome(cell):
            self.failures.setdefault(f"{detector(cell.job.model.builder).display}: {reasons[0]}", []).append("")


def asked(margin: str, fail_on: str | None, on: str, *, allow: bool) -> Asked:
    """Return what is asked for in the words of the command line. Raises BadInput."""
    limit = None if fail_on is None else _share("--fail-on", fail_on)
    return Asked(_share("--margin", margin), limit, pick("clock", on, ON), allow)


def most_seconds(max_time: str | None, *, settle: bool) -> float | None:
    """Return how long settling may take, None for as long as it takes. Raises BadInput."""
    if max_time is None:
        return None
    if not settle:
        raise BadInput("--max-time says how long --settle may take", "add --settle, or leave it out")
    return budget.parse_time("--max-time", max_time)


def _share(option: str, text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*%?", text.strip())
    percent = float(match.group(1)) if match else MOST_PERCENT + 1
    if percent > MOST_PERCENT:
        raise BadInput(f"{option} {text!r:.80} is no share from 0 up to {MOST_PERCENT:g} %", "write it such as 3%")
    return percent / 100


def compared(a: str, b: str, asked: Asked, progress: Progress) -> Comparison:
    """Compare two sides, as people name them. Raises BadInput where there is nothing to compare, or nothing alike."""
    sides = side_of(a), side_of(b)
    with progress.working("reading results"):
        read = read_sides(sides)
    return of_sides(sides, read, asked, progress)


def folders(*names: str) -> list[RunFolder]:
    """Return the runs of sides, each once."""
    sides = [side_of(name) for name in names]
    return told_apart(list({side.folder.path.resolve(): side.folder for side in sides}.values()))


def of_sides(sides: tuple[Side, Side], read: tuple[Read, Read], asked: Asked, progress: Progress) -> Comparison:
    """Compare two sides that were read, and put beside it what their passes detected. Raises as compared does."""
    for letter, side, known in zip("AB", sides, read, strict=True):
        if not known.processes:
            why = "; ".join(known.failures) or "none of its cells is of the suite latency, or has a result yet"
            raise BadInput(f"{letter}, {side.text}, has no latency: {why}", "measure it with: harness run")
    failed = [text for letter, known in zip("AB", read, strict=True) for text in _failed(letter, known)]
    names = (_name(sides[0]), _name(sides[1]))
    found = comparison.compare(names, read[0].processes, read[1].processes, failed, asked)
    hosts = {each.of.host for known in read for each in known.processes}
    noise = cited(next(iter(hosts)), asked.margin) if len(hosts) == 1 else None
    lacking: list[str] = []
    with progress.working("comparing detections"):
        models = list(_with_agreements(found, read, lacking))
    return replace(found, models=models, left_out=[*found.left_out, *lacking], host_noise=noise)


def _name(side: Side) -> SideName:
    return SideName(side.folder.label, side.environment, dict(side.knobs))


def _failed(letter: str, read: Read) -> Iterator[str]:
    for reason, cells in read.failures.items():
        yield f"{letter}: {count(len(cells), 'process', 'processes')} left out, {reason}"


def read_sides(sides: tuple[Side, Side]) -> tuple[Read, Read]:
    """Read both sides, each run once. Raises BadInput where a run is being executed, or has no such part."""
    read = (Read(), Read())
    by_path: dict[Path, list[tuple[Side, Read]]] = {}
    for side, into in zip(sides, read, strict=True):
        by_path.setdefault(side.folder.path.resolve(), []).append((side, into))
    with no_collection():
        for path, of in by_path.items():
            folder = of[0][0].folder
            folder.require_idle()
            _read_run(folder, str(path), of)
            folder.require_idle()
    return read


def _read_run(folder: RunFolder, path: str, sides: list[tuple[Side, Read]]) -> None:
    """Read a run into its sides. Of a side whose part is not in it, the whole run is read again to say what is."""
    processes, taken = Processes(), 0
    for cell in folder.stream():
        wanting = [(n, into) for n, (side, into) in enumerate(sides) if side.has(cell)]
        process = processes.of(cell, path) if wanting else None
        for n, into in wanting:
            into.take(cell, folder, process)
            taken |= 1 << n
    for n, (side, _) in enumerate(sides):
        if not taken & 1 << n:
            require_part(side, list(folder.stream()))


def _with_agreements(found: Comparison, read: tuple[Read, Read], lacking: list[str]) -> Iterator[ModelComparison]:
    """Yield the models with what the agreement gate says of B's detections beside A's, where both have passes.

    Of passes that can't be compared, `lacking` gets the reason: the times are compared all the same.
    """
    for each in found.models:
        try:
            agreement = _agreement(each.model, read)
        except HarnessError as error:
            agreement = None
            lacking.append(f"{detector(each.model).display}: its detections, {error.reason}")
        yield each.detecting(agreement) if agreement else each


def _agreement(model: str, read: tuple[Read, Read]) -> Agreement | None:
    sides: list[list[tuple[RunFolder, Cell]]] = [
        [entry for entry in known.passes if entry[1].job.model.builder == model] for known in read
    ]
    if not all(sides):
        return None
    from harness.agreement.beside import Pass  # which brings what scores detections
    from harness.agreement.passes import Passes, between, compare

    reference, other = (Passes("", [Pass(folder, cell) for folder, cell in side]) for side in sides)
    pair = next(iter(between(reference, other)), None)
    if pair is None:
        return None
    kept = pair[1].cell.agreement
    if kept and kept.reference == pair[0].name and kept.tolerances == Tolerances():
        return kept
    with pair[1].folder.locked():  # since it is kept there
        return compare(*pair, Tolerances())
