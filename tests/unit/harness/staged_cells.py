"""Cells whose stages were looked at, as the runner leaves them."""

from dataclasses import replace
from typing import Any

from harness.documents.run_folder import Cell
from runner.contract import Stages, StageTimes
from tests.samples import execution, job, latency, ok_result

#: ms of each stage of an iteration; 1 % of which no stage holds.
STAGES_MS = {"decode": 3.0, "copy in": 0.0, "resize": 4.0, "backbone": 20.0, "detections NMS": 1.0, "remainder": 0.5}
ITERATIONS = 12


def stages(times: dict[str, float] = STAGES_MS, *, device: bool = False, reason: str | None = None) -> Stages:
    """Return stages whose iterations take 1, 2, 3, 1, 2 … % longer than that; of a device, twice the wall time."""
    factors = [1 + i % 3 / 100 for i in range(ITERATIONS)]
    whole = 1.01 * sum(times.values())
    return Stages(
        image=["cat.jpg"] * ITERATIONS,
        wall_ms=[factor * whole for factor in factors],
        cpu_ms=[factor * whole for factor in factors],
        stages=[
            StageTimes(
                name,
                [factor * ms for factor in factors],
                [2 * factor * ms for factor in factors],
                [2 * factor * ms for factor in factors] if device else None,
            )
            for name, ms in times.items()
        ],
        missing_reason=reason,
    )


def staged_cell(builder: str = "ssd300_vgg16", known: Stages | None = None, **changes: Any) -> Cell:
    """Return a cell whose latency is the sum of STAGES_MS; `lacking` says why its stages are not known."""
    lacking = changes.pop("lacking", None)
    of = job(builder, **changes)
    measured = latency([25.5] * ITERATIONS)
    looked = None if lacking else known or stages()
    measured = replace(measured, stages=looked, stages_missing_reason=lacking)
    return Cell(of, ok_result(of, latency=measured), execution(of), run="run")
