"""A run's detection passes again, each with one switch of torch's numerics turned: what does it change?"""

from dataclasses import replace
from datetime import UTC, datetime

from harness.documents import Plan, PlannedCell
from harness.documents.run_folder import RunFolder, cell_name
from harness.errors import BadInput
from runner.contract import Job, Numerics


def plan(folder: RunFolder) -> Plan:
    """Return the plan of the sweep: of each detection pass of the run, one cell for each switch that its device has.

    Raises BadInput where the run has no detection pass.
    """
    whole = [cell for cell in folder.plan.cells if cell.job.suite == "accuracy" and cell.job.shard is None]
    cells = [_turned(cell, name, numerics) for cell in whole for name, numerics in turns(cell.job).items()]
    if not cells:
        raise BadInput(f"the run {folder.name} has no detection passes", "make some: harness run --suite accuracy")
    return replace(folder.plan, created_at=datetime.now(UTC).isoformat(timespec="seconds"), cells=cells)


def turns(job: Job) -> dict[str, Numerics]:
    """Return the job's numerics with one switch turned, for each that bears on its device, by a short name."""
    own = job.numerics
    turned = {
        "deterministic": replace(own, deterministic=not own.deterministic),
        "matmul-precision": replace(own, matmul_precision="medium" if own.matmul_precision == "highest" else "highest"),
    }
    if job.device == "cuda":
        return turned | {
            "tf32": replace(own, tf32=not own.tf32),
            "cudnn-benchmark": replace(own, cudnn_benchmark=not own.cudnn_benchmark),
        }
    turned["flush-denormals"] = replace(own, flush_denormals=not own.flush_denormals)
    return turned if own.threads == 1 else turned | {"one-thread": replace(own, threads=1)}


def _turned(cell: PlannedCell, name: str, numerics: Numerics) -> PlannedCell:
    variant = replace(cell.job.variant, numerics=numerics, threads=None)
    return replace(cell, job=replace(cell.job, cell=cell_name(cell.job.cell, name), variant=variant), joins=[])
