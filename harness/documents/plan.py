"""What a run is to measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.contract import Document, Job, Protocol

#: How the record of a call in Python begins, as no command does.
PACKAGE = "harness."


def call(function: str, keywords: Mapping[str, object]) -> list[str]:
    """Return how a plan records a call in Python: the function, then each keyword with its value."""
    return [PACKAGE + function, *(f"{name}={value!r}" for name, value in keywords.items())]


def is_call(command: Sequence[str]) -> bool:
    """Tell whether the record is of a call in Python, and not of a command."""
    return bool(command) and command[0].startswith(PACKAGE)


@dataclass(frozen=True)
class PlannedCell(Document):
    """A cell of the plan. `skipped` says why it can't run here; `named` that a person asked for just this model.

    `annotations` is the file that a detection pass is scored against. A cell that `joins` others is not executed: it
    is the whole of their shards of a pass.
    """

    job: Job
    named: bool
    skipped: str | None = None
    annotations: str | None = None
    joins: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan(Document):
    """Everything a run needs to start again: its cells in order, and what of this host they use.

    `command` is what asked for it: the arguments of the command line, or a call in Python as `call` records it. `gpu`
    is the pseudonym of the GPU's UUID. `images_folder` holds the inputs of the suite latency, `dataset_folder` those of
    the suite accuracy, `code_folder` a person's own detectors. `order_seed` is the seed of the order of repeats, None
    where they take turns; `precision` the relative half width of the interval over processes that ends them early, None
    for the protocol's.
    """

    schema_version: int
    created_at: str
    command: list[str]
    gpu: str | None
    memory_bytes: int | None
    images_folder: str | None
    weights_folder: str | None
    dataset_folder: str | None = None
    code_folder: str | None = None
    cells: list[PlannedCell] = field(default_factory=list)
    order_seed: int | None = None
    precision: float | None = None

    @property
    def is_demo(self) -> bool:
        """Whether its cells see what is handed over to them meanwhile, which nobody does again."""
        return any(cell.job.dataset and cell.job.dataset.follows for cell in self.cells)

    def precision_of(self, protocol: Protocol) -> float | None:
        """Return within which relative half width the protocol's repeats end early, None where they never do."""
        if protocol.repeating is None:
            return None
        return protocol.repeating.relative_half_width if self.precision is None else self.precision
