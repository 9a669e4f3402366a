"""A run as a value: its cells with their samples, and what was planned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from harness.api.shown import Shown, frame_of, harmless
from harness.documents import Plan
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.spared import is_spared
from harness.errors import HarnessError
from harness.text import count, printable
from runner.contract import Latency

#: Those of samples that are of its picture: what the runner saw of it in a call of its own.
SEEN = ("uncut", "candidates", "proposals", "resized_height", "resized_width", "padded_pixels")
#: The columns of samples, with the types that they have also where there is no sample.
SAMPLES = {
    "phase": "category",
    "start_ms": "float64",
    "wall_ms": "float64",
    "device_ms": "float64",
    "ms": "float64",
    "image": "category",
    "height": "Int64",
    "width": "Int64",
    "detections": "Int64",
    "process_cpu_ms": "float64",
    "voluntary_switches": "Int64",
    "involuntary_switches": "Int64",
    "instructions": "Int64",
    **dict.fromkeys(SEEN, "Int64"),
}


@dataclass(frozen=True, repr=False, eq=False)
class MeasuredCell(Shown):
    """A cell of a run that has a result.

    `status` is ok, failed, skipped, timed_out, out_of_memory or crashed, and `reason` says why it is not ok, else None.
    `document` has all that the cell left: the job, the result with hardware and software, the execution, the scores
    and the agreement.
    """

    name: str
    environment: str
    model: str
    suite: str
    repeat: int
    status: str
    reason: str | None
    document: Cell

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Every iteration in the order of execution, warm-up included: a row each; none where nothing was timed.

        `phase` is warmup or measured. `start_ms` counts from the first iteration's start, `wall_ms` is around
        model(images), `device_ms` a pair of CUDA events around the same call, missing on a CPU; `ms` is the time that
        the statistics take: the device's where there is one, else the wall's. `image` has `height` × `width` pixels
        and so many `detections`. `process_cpu_ms` and the switches between threads are missing where the runner did
        not look, and `instructions` where the kernel does not count them. What the model did with the picture was seen
        in another call: of its `proposals` it kept `candidates`, of which `uncut` were left before the cut to a number;
        `resized_height` × `resized_width`, and `padded_pixels` beside them, is what it computed on. They are missing
        where it has no such step, or nobody looked.
        """
        return _samples(self.document.result.latency)

    def _title(self) -> str:
        return f"{self.name}: {self.status}" + (f", {self.reason}" if self.reason else "")

    def _frames(self) -> Iterator[pd.DataFrame]:
        if len(self.samples):
            yield self.samples


@dataclass(frozen=True, repr=False, eq=False)
class Run(Shown):
    """A run, as far as it is there.

    `path` is its folder, None of a dry run. `cells` are those that have a result, in the order of the plan; of a pass
    in shards the whole alone. `planned` has a row for each cell of the plan: cell, environment, model, suite, device,
    repeat, status (of the result, or skipped, or planned) and reason. `fine` tells whether every cell that a person
    asked for is ok and could be judged: a cell that failed raises nothing. `problems` are the errors of what could not
    be scored or compared, `remarks` the sentences that the command line would have printed.
    """

    name: str
    path: Path | None
    fine: bool
    cells: list[MeasuredCell]
    planned: pd.DataFrame
    problems: list[HarnessError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def _title(self) -> str:
        if self.path is None:
            return f"dry run of {count(len(self.planned), 'cell')}"
        return f"run {self.name}: {len(self.cells)} of {count(len(self.planned), 'cell')} with a result"

    def _lines(self) -> list[str]:
        return [*map(str, self.problems), *(self.remarks if self.path is None else ())]

    def _frames(self) -> list[pd.DataFrame]:
        return [self.planned]


def opened(folder: RunFolder, problems: Sequence[HarnessError] = (), remarks: Sequence[str] = ()) -> Run:
    """Return a run on disk as a value. Raises BadDocument where a document of it can't be read."""
    cells = [_measured(cell) for cell in folder.cells()]
    planned = _planned(folder.plan, cells)
    unasked = [cell.job.cell for cell in folder.plan.cells if not cell.named]
    unasked += [cell.name for cell in cells if is_spared(cell.document.result)]
    well = (planned.status == "ok") | (planned.status == "skipped") & planned.cell.isin(unasked)
    return Run(folder.name, folder.path, bool(well.all()) and not problems, cells, planned, [*problems], [*remarks])


def dry(plan: Plan, remarks: Sequence[str]) -> Run:
    """Return a plan as a run that was not started."""
    return Run("", None, True, [], _planned(plan, []), remarks=list(remarks))


def _measured(cell: Cell) -> MeasuredCell:
    job, failure = cell.job, cell.result.failure
    return MeasuredCell(
        name=job.cell,
        environment=job.environment,
        model=job.model.builder,
        suite=job.suite,
        repeat=job.repeat,
        status=cell.result.status,
        reason=printable(failure.message) if failure else None,
        document=cell,
    )


def _planned(plan: Plan, cells: Sequence[MeasuredCell]) -> pd.DataFrame:
    here = {cell.name: (cell.status, cell.reason) for cell in cells}
    rows = []
    for cell in (cell for cell in plan.cells if cell.job.shard is None):
        job = cell.job
        status, reason = here.get(job.cell, ("skipped" if cell.skipped else "planned", cell.skipped))
        rows.append(
            {
                "cell": job.cell,
                "environment": job.environment,
                "model": job.model.builder,
                "suite": job.suite,
                "device": job.device,
                "repeat": job.repeat,
                "status": status,
                "reason": reason,
            }
        )
    return frame_of(rows, ("cell", "environment", "model", "suite", "device", "repeat", "status", "reason"))


def _samples(latency: Latency | None) -> pd.DataFrame:
    known = {name: column for name, column in vars(latency.samples).items() if column is not None} if latency else {}
    if latency and latency.contents:
        seen = {content.name: content for content in latency.contents}
        known |= {name: [getattr(seen.get(image), name, None) for image in known["image"]] for name in SEEN}
    frame = pd.DataFrame(known, columns=list(SAMPLES)).astype(SAMPLES)
    return harmless(frame.assign(ms=frame.device_ms.fillna(frame.wall_ms)))
