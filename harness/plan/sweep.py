"""A run's detection passes again, each with one knob turned, a switch of torch's numerics say: what does it change?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from harness.documents import Plan, PlannedCell
from harness.documents.names import cell_name
from harness.documents.run_folder import RunFolder
from harness.errors import BadInput
from harness.knobs.entry import Knob
from harness.knobs.table import KNOBS
from runner.contract import Job, Variant


def plan(folder: RunFolder) -> Plan:
    """Return the plan of the sweep: of each detection pass of the run, one cell for each knob to turn on its device.

    Raises BadInput where the run has no detection pass.
    """
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    cells = [_turned(cell, name, variant) for cell in whole for name, variant in turns(cell.job).items()]
    if not cells:
        raise BadInput(f"the run {folder.name} has no detection passes", "make some: harness run --suite accuracy")
    return replace(folder.plan, created_at=datetime.now(UTC).isoformat(timespec="seconds"), cells=cells)


def turns(job: Job) -> dict[str, Variant]:
    """Return the job's variant with one knob turned, for each that bears on its device, by a short name.

    What every device has comes first. Each has numerics of its own, which tell a pass of a sweep from the protocol's.
    """
    own, turned = replace(job.variant, numerics=job.numerics), {}
    pairs = [(knob, knob.turn) for knob in KNOBS if knob.turn]
    for knob, turn in sorted(pairs, key=lambda pair: (pair[1].device is not None, pair[1].name)):
        value = turn.other(knob.asked(job))
        if value is not None and turn.device in (None, job.device):
            turned[turn.name] = _with(own, knob, value)
    return turned


def _with(variant: Variant, knob: Knob, value: Any) -> Variant:
    *outer, name = knob.field.split(".")
    if outer and variant.numerics:
        return replace(variant, numerics=replace(variant.numerics, **{name: value}))
    return replace(variant, **{name: value})


def _turned(cell: PlannedCell, name: str, variant: Variant) -> PlannedCell:
    return replace(cell, job=replace(cell.job, cell=cell_name(cell.job.cell, name), variant=variant), joins=[])
