"""What makes cells comparable: those of one series differ in model and repeat alone."""

import hashlib
import re
from dataclasses import dataclass

from harness.storage import Cell
from runner.contract import DetectionPass, ImageFile, Job, Result

UNMEASURED = "not measured"


@dataclass(frozen=True)
class Series:
    """What every series shares. `host` and `torch` are None where the cell left nothing that says them."""

    environment: str
    hardware: str
    host: str | None
    torch: str | None
    protocol: str
    weights: str
    threads: int | None
    pinned: bool


@dataclass(frozen=True)
class LatencySeries(Series):
    """A column of the latency table."""

    inputs: str
    cpus: str | None
    iterations: int | None


@dataclass(frozen=True)
class AccuracySeries(Series):
    """An accuracy table."""

    dataset: str
    images: int
    how: DetectionPass

    @property
    def title(self) -> str:
        """Where the passes detected, and in what."""
        plural = "s" if self.images > 1 else ""
        return f"{self.dataset}, {self.images} image{plural}: {self.environment} · {self.hardware}"


def latency_series(cell: Cell) -> LatencySeries:
    """Return the column that a cell of the suite latency belongs to."""
    variant = cell.job.variant
    return LatencySeries(
        **vars(_shared(cell)), inputs=inputs_name(cell.job), cpus=variant.cpus, iterations=variant.iterations
    )


def accuracy_series(cell: Cell) -> AccuracySeries | None:
    """Return the table that a cell of the suite accuracy belongs to, None where the cell is of another suite."""
    dataset, how = cell.job.dataset, cell.job.detection
    if dataset is None or how is None:
        return None
    return AccuracySeries(**vars(_shared(cell)), dataset=dataset.name, images=len(dataset.ids), how=how)


def _shared(cell: Cell) -> Series:
    job, execution, software = cell.job, cell.execution, cell.result.software
    return Series(
        environment=job.environment,
        hardware=hardware_name(cell.result),
        host=execution.host.id if execution else None,
        torch=software.torch if software else None,
        protocol=job.protocol.name,
        weights=weights_name(job),
        threads=job.variant.threads,
        pinned=execution.pinned if execution else True,
    )


def hardware_name(result: Result) -> str:
    """Return what computed, short: the GPU's name, or the CPU's with its number of usable cores."""
    hardware = result.hardware
    if hardware is None:
        return UNMEASURED
    if result.job.device == "cuda" and hardware.gpus:
        return hardware.gpus[0].name
    model = re.sub(r"\((R|TM)\)|CPU|Processor|\d+-Core|@.*", " ", hardware.cpu_model)
    cores = hardware.usable_cores
    return f"{' '.join(model.split())}, {cores} core{'s' if cores > 1 else ''}"


def weights_name(job: Job) -> str:
    """Return the kind of the weights, a file's with the beginning of its SHA-256."""
    weights = job.model.weights
    return f"file {str(weights.sha256)[:6]}" if weights.kind == "file" else weights.kind


def inputs_name(job: Job) -> str:
    """Return what a latency was measured on: the pictures by a hash of theirs, or the protocol's made-up input."""
    if not job.images:
        return job.protocol.input
    return f"{len(job.images)} pictures {digest(job.images)}"


def digest(images: list[ImageFile]) -> str:
    """Return six hex digits of a SHA-256 over the pictures' own, in their order."""
    return hashlib.sha256("".join(image.sha256 for image in images).encode()).hexdigest()[:6]
