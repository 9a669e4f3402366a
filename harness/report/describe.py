"""What every table says of its cells: the hardware, the software, and what became of them."""

import re
from collections.abc import Callable, Sequence

from harness.storage import Cell
from runner.contract import Result


def hardware_name(result: Result) -> str:
    """Return what computed, short: the GPU's name, or the CPU's with its number of usable cores."""
    hardware = result.hardware
    if hardware is None:
        return "not measured"
    if result.job.device == "cuda" and hardware.gpus:
        return hardware.gpus[0].name
    model = re.sub(r"\((R|TM)\)|CPU|Processor|\d+-Core|@.*", " ", hardware.cpu_model)
    cores = hardware.usable_cores
    return f"{' '.join(model.split())}, {cores} core{'s' if cores > 1 else ''}"


def software(cells: Sequence[Cell]) -> list[str]:
    """Return what there is to say of the software of cells of one environment, pins included."""
    parts = []
    observed = next((cell.result.software for cell in cells if cell.result.software), None)
    if observed:
        parts.append(f"torch {observed.torch}, torchvision {observed.torchvision}, threads: {observed.threads}")
    executions = [cell.execution for cell in cells if cell.execution]
    if any(not execution.pinned for execution in executions):
        found = next((execution.deviations for execution in executions if execution.deviations), [])
        parts.append("not pinned" + (f" ({'; '.join(found)})" if found else ""))
    return parts


def outcome(cell: Cell) -> list[str]:
    """Return why the cell has no figure, if it has none."""
    failure = cell.result.failure
    return [f"{cell.result.status}, {failure.message}"] if failure else []


def attributed(cells_of: dict[str, list[Cell]], remarks_on: Callable[[Cell], list[str]]) -> list[str]:
    """Return the remarks on the cells of each model, each remark once with the models that it is about."""
    about: dict[str, list[str]] = {}
    for display, cells in cells_of.items():
        said = [remark for cell in cells for remark in remarks_on(cell)] if cells else ["not in this run"]
        for remark in dict.fromkeys(said):
            about.setdefault(remark, []).append(display)
    return [f"{', '.join(names)}: {remark}" for remark, names in about.items()]
