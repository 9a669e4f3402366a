"""What makes cells comparable: those of one series differ in model and repeat alone."""

import hashlib
import re
from dataclasses import dataclass

from harness.storage import Cell
from runner.contract import DetectionPass, ImageFile, Job, Result

UNMEASURED = "not measured"


@dataclass(frozen=True)
class LatencySeries:
    """A column of the latency table. `host` and `torch` are None where the cell left nothing that says them."""

    environment: str
    hardware: str
    host: str | None
    torch: str | None
    protocol: str
    weights: str
    inputs: str
    threads: int | None
    cpus: str | None
    iterations: int | None
    pinned: bool


@dataclass(frozen=True)
class AccuracySeries:
    """An accuracy table."""

    environment: str
    hardware: str
    host: str | None
    torch: str | None
    protocol: str
    weights: str
    dataset: str
    images: int
    how: DetectionPass
    threads: int | None
    pinned: bool

    @property
    def title(self) -> str:
        """Where the passes detected, and in what."""
        plural = "s" if self.images > 1 else ""
        return f"{self.dataset}, {self.images} image{plural}: {self.environment} · {self.hardware}"


def latency_series(cell: Cell) -> LatencySeries:
    """Return the column that a cell of the suite latency belongs to."""
    job = cell.job
    return LatencySeries(
        environment=job.environment,
        hardware=hardware_name(cell.result),
        host=_host(cell),
        torch=_torch(cell),
        protocol=job.protocol.name,
        weights=weights_name(job),
        inputs=inputs_name(job),
        threads=job.variant.threads,
        cpus=job.variant.cpus,
        iterations=job.variant.iterations,
        pinned=_pinned(cell),
    )


def accuracy_series(cell: Cell) -> AccuracySeries | None:
    """Return the table that a cell of the suite accuracy belongs to, None where the cell is of another suite."""
    job = cell.job
    if job.dataset is None or job.detection is None:
        return None
    return AccuracySeries(
        environment=job.environment,
        hardware=hardware_name(cell.result),
        host=_host(cell),
        torch=_torch(cell),
        protocol=job.protocol.name,
        weights=weights_name(job),
        dataset=job.dataset.name,
        images=len(job.dataset.ids),
        how=job.detection,
        threads=job.variant.threads,
        pinned=_pinned(cell),
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


def _host(cell: Cell) -> str | None:
    return cell.execution.host.id if cell.execution else None


def _torch(cell: Cell) -> str | None:
    return cell.result.software.torch if cell.result.software else None


def _pinned(cell: Cell) -> bool:
    return cell.execution.pinned if cell.execution else True
