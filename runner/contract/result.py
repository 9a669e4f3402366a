"""result.json: what the runner leaves for one cell, raw samples and all that it saw of its surroundings."""

from dataclasses import dataclass, field
from typing import Dict, List, Literal, Optional

from runner.contract.job import Document, Job

Status = Literal["ok", "failed", "skipped", "timed_out", "out_of_memory", "crashed"]
StoppedBy = Literal["count", "steady", "interval", "cap"]


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

    other_load_cpus is how many CPUs, on average, were busy with something else from warm-up to end; None where an early
    version of the runner did not look.
    """

    load_ms: float
    stopped_by: StoppedBy
    planned_iterations: int
    other_load_cpus: Optional[float]
    inputs: List[Input]
    samples: Samples


@dataclass(frozen=True)
class BadImage(Document):
    """An image of the dataset that could not be decoded and was passed over, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Detections(Document):
    """A detection pass: where its rows are, and where the time went.

    Each part's milliseconds are summed over the images of the whole pass. Decoding goes on beside the other parts;
    waited_ms is how long those stood still for it. wall_ms, from the first image to the last row, is of this process
    alone, which found resumed_images done by an earlier one; first_batch_ms is what its first batch took of that, the
    warm-up of the model included.
    """

    file: str
    images: int
    boxes: int
    resumed_images: int
    bad_images: List[BadImage]
    load_ms: float
    wall_ms: float
    first_batch_ms: float
    decode_ms: float
    waited_ms: float
    transfer_ms: float
    forward_ms: float
    encode_ms: float
    other_load_cpus: float


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
    detections: Optional[Detections] = None
    memory: Optional[Memory] = None
    warnings: List[str] = field(default_factory=list)
