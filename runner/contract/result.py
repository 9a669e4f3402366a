"""The documents that cross the line between harness and runner: job.json in, result.json out.

Standard library only and Python 3.9 syntax, because this module is read by the oldest pinned environment
and by the newest host alike. Units are in the names. Unknown is None with a reason beside it, never 0.
The host validates the same dataclasses through pydantic, with unknown keys forbidden.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Dict, List, Literal, Optional

SCHEMA_VERSION = 1

Status = Literal["ok", "failed", "skipped", "timed_out", "out_of_memory", "crashed"]
Device = Literal["cpu", "cuda"]
StoppedBy = Literal["count", "steady", "interval", "cap"]


class Document:
    """Base of every document: tells pydantic, on the host, to refuse keys that the contract lacks."""

    __pydantic_config__: ClassVar[Dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Weights(Document):
    """What fills the model. `file` is a name inside the weights folder that the executor hands in."""

    kind: Literal["pretrained", "random", "file"]
    seed: Optional[int] = None
    file: Optional[str] = None
    sha256: Optional[str] = None


@dataclass(frozen=True)
class ModelSpec(Document):
    """A torchvision.models.detection builder, by its name, and its weights."""

    builder: str
    weights: Weights


@dataclass(frozen=True)
class Stopping(Document):
    """When a phase ends: after a count, when the series is steady, or when the interval is narrow enough.

    `relative_half_width` and `confidence` belong to the rule `interval`, `steady_window` to the rule `steady`.
    """

    rule: Literal["count", "steady", "interval"]
    min_iterations: int
    max_iterations: int
    steady_window: Optional[int] = None
    relative_half_width: Optional[float] = None
    confidence: Optional[float] = None


@dataclass(frozen=True)
class Protocol(Document):
    """A named, frozen recipe, resolved. Data, never code branches: changing one means a new name."""

    name: str
    title: str
    input: Literal["photographs", "near-black"]
    call: Literal["images", "batch"]
    synchronise_before: bool
    warmup: Stopping
    measure: Stopping
    statistic: Literal["mean", "median"]
    repeats: int
    timeout_seconds: float
    cap_seconds: Optional[float] = None
    input_height: Optional[int] = None
    input_width: Optional[int] = None
    input_seed: Optional[int] = None
    tf32: bool = False
    cudnn_benchmark: bool = False
    deterministic: bool = False


@dataclass(frozen=True)
class Variant(Document):
    """Knobs beyond the protocol. None leaves the protocol's, or the machine's, own value."""

    threads: Optional[int] = None
    cpus: Optional[str] = None
    iterations: Optional[int] = None


@dataclass(frozen=True)
class ImageFile(Document):
    """An input picture: its name inside the images folder that the executor hands in, and its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Job(Document):
    """Everything the runner needs to execute one cell, independent of where folders are mounted."""

    schema_version: int
    cell: str
    environment: str
    suite: Literal["latency"]
    model: ModelSpec
    device: Device
    protocol: Protocol
    variant: Variant
    repeat: int
    images: List[ImageFile]
    expected: Dict[str, str]

    @property
    def measured_iterations(self) -> int:
        """How many iterations are measured at most: the variant's number, else the protocol's."""
        return self.variant.iterations or self.protocol.measure.max_iterations

    @property
    def warmup_iterations(self) -> int:
        """How many iterations warm up at most: where the variant takes fewer, the same share of them, rounded up."""
        full, measured = self.protocol.warmup.max_iterations, self.protocol.measure.max_iterations
        return min(full, math.ceil(full * self.measured_iterations / measured))


@dataclass(frozen=True)
class Failure(Document):
    """Why a cell has no measurement, and whether the machine or the model is to blame."""

    kind: str
    message: str
    remedy: str
    cause: Literal["infrastructure", "model"]


@dataclass(frozen=True)
class SharedLibrary(Document):
    """A numerical library that the process had loaded when it was measured; its version where it states one."""

    name: str
    path: str
    version: Optional[str] = None


@dataclass(frozen=True)
class Software(Document):
    """What the runner observed of its own stack."""

    python: str
    torch: str
    torchvision: str
    torch_git: Optional[str]
    torchvision_git: Optional[str]
    cuda: Optional[str]
    cudnn: Optional[int]
    torch_config: str
    compiled_architectures: List[str]
    threads: int
    interop_threads: int
    numerics: Dict[str, str]
    shared_libraries: List[SharedLibrary]
    packages: Dict[str, str]


@dataclass(frozen=True)
class Gpu(Document):
    """One GPU as NVML describes it; a field that the driver does not answer is None."""

    index: int
    name: str
    uuid: str
    memory_bytes: int
    driver: str
    compute_capability: Optional[str] = None
    pci_bus_id: Optional[str] = None
    power_limit_watts: Optional[float] = None
    max_sm_clock_mhz: Optional[int] = None
    max_memory_clock_mhz: Optional[int] = None
    temperature_celsius: Optional[int] = None
    mig_enabled: Optional[bool] = None
    ecc_enabled: Optional[bool] = None


@dataclass(frozen=True)
class Hardware(Document):
    """The machine as the runner sees it from inside its process or container."""

    cpu_model: str
    physical_cores: Optional[int]
    logical_cores: int
    usable_cores: int
    max_frequency_mhz: Optional[float]
    governor: Optional[str]
    memory_bytes: int
    virtualisation: Optional[str]
    kernel: str
    gpus: List[Gpu]
    gpus_missing_reason: Optional[str] = None


@dataclass(frozen=True)
class Input(Document):
    """A decoded input. The hash of its pixels tells another decoder from another model."""

    name: str
    height: int
    width: int
    pixels_sha256: str


@dataclass(frozen=True)
class Samples(Document):
    """Every iteration, warm-up included, as columns of equal length in the order of execution.

    start_ms counts from the first iteration's start. wall_ms is perf_counter around model(images),
    synchronised as the protocol says; device_ms is a CUDA event pair around the same call, None on a CPU.
    """

    phase: List[Literal["warmup", "measured"]]
    start_ms: List[float]
    wall_ms: List[float]
    device_ms: List[Optional[float]]
    image: List[str]
    height: List[int]
    width: List[int]
    detections: List[int]


@dataclass(frozen=True)
class Latency(Document):
    """The raw latency measurement of one model and why it ended.

    other_load_cpus is how many CPUs, on average, were busy with something else from warm-up to end.
    """

    load_ms: float
    stopped_by: StoppedBy
    planned_iterations: int
    other_load_cpus: float
    inputs: List[Input]
    samples: Samples


@dataclass(frozen=True)
class Memory(Document):
    """Peak memory of the runner's process; CUDA figures come from torch's caching allocator."""

    rss_peak_bytes: int
    rss_before_model_bytes: int
    cuda_allocated_peak_bytes: Optional[int]
    cuda_reserved_peak_bytes: Optional[int]
    cuda_missing_reason: Optional[str] = None


@dataclass(frozen=True)
class Result(Document):
    """The document that one cell leaves behind. A cell that did not finish has a failure and no figures."""

    schema_version: int
    job: Job
    status: Status
    started_at: str
    finished_at: str
    failure: Optional[Failure] = None
    software: Optional[Software] = None
    hardware: Optional[Hardware] = None
    weights_sha256: Optional[str] = None
    latency: Optional[Latency] = None
    memory: Optional[Memory] = None
    warnings: List[str] = field(default_factory=list)
