"""result.json: what the runner leaves for one cell, raw samples and all that it saw of its surroundings."""

from dataclasses import dataclass, field
from typing import List, Literal, Optional

from runner.contract.content import Content
from runner.contract.inside import Stages
from runner.contract.job import Job, ResizeRule
from runner.contract.model import Document
from runner.contract.profile import Profile
from runner.contract.surroundings import CpuSupply, Hardware, Software
from runner.contract.work import Work

Status = Literal["ok", "failed", "skipped", "timed_out", "out_of_memory", "crashed"]
StoppedBy = Literal["count", "steady", "interval", "cap", "precise"]
#: What a series of iterations did before it was steady (Barrett et al., OOPSLA 2017).
Warmup = Literal["flat", "warmup", "slowdown", "no steady state"]
#: What a detector can say of an object.
Task = Literal["boxes", "masks", "keypoints"]


@dataclass(frozen=True)
class Failure(Document):
    """Why a cell has no measurement, and whether the machine or the model is to blame."""

    kind: str
    message: str
    remedy: str
    cause: Literal["infrastructure", "model"]


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

    Where a series warms up until it is steady, its end tells the phases: without a steady state all are measured.
    start_ms counts from the first iteration's start. wall_ms is perf_counter around model(images),
    synchronised as the protocol says; device_ms is a CUDA event pair around the same call, None on a CPU.
    process_cpu_ms is the CPU time of all threads of the process during the call, and the switches are those of its
    threads from one to another: voluntary when one waits, involuntary when it is made to. The three are None where an
    early version of the runner did not look. instructions are those that all threads executed during the call, outside
    the kernel, None where it does not count them.
    """

    phase: List[Literal["warmup", "measured"]]
    start_ms: List[float]
    wall_ms: List[float]
    device_ms: List[Optional[float]]
    image: List[str]
    height: List[int]
    width: List[int]
    detections: List[int]
    process_cpu_ms: Optional[List[float]] = None
    voluntary_switches: Optional[List[int]] = None
    involuntary_switches: Optional[List[int]] = None
    instructions: Optional[List[int]] = None


@dataclass(frozen=True)
class Latency(Document):
    """The raw latency measurement of one model and why it ended: "precise" where the interval was narrow enough.

    other_load_cpus is how many CPUs, on average, were busy with something else from warm-up to end; None where an early
    version of the runner did not look, or the kernel does not count it. `warmup` is what the series did, and
    `steady_from` the index of the first iteration that counts as steady; both are None where the protocol warms up by a
    count, and the index where there is no steady state. `pilot_iterations` is how many iterations the first stage of
    measuring took, warm-up included, None where there was none. `percentile` (0 to 100, both excluded) is the one that
    was asked for, if any.
    `contents` are of the inputs, in a call each of its own after the last sample: with noise in a GPU's arithmetic a
    count may be another than a sample's. None where the reason says why, without one where an early version of the
    runner did not look. `stages` are of a pass of its own behind that, and so is the `profile`: None where nobody asked
    for it, or the reason says why. Why samples have no instructions stands beside them; `work` is what the calls after
    the last sample computed. An early version of the runner looked for neither.
    """

    load_ms: float
    stopped_by: StoppedBy
    planned_iterations: int
    other_load_cpus: Optional[float]
    inputs: List[Input]
    samples: Samples
    warmup: Optional[Warmup] = None
    steady_from: Optional[int] = None
    pilot_iterations: Optional[int] = None
    percentile: Optional[float] = None
    contents: Optional[List[Content]] = None
    contents_missing_reason: Optional[str] = None
    stages: Optional[Stages] = None
    stages_missing_reason: Optional[str] = None
    profile: Optional[Profile] = None
    profile_missing_reason: Optional[str] = None
    instructions_missing_reason: Optional[str] = None
    work: Optional[Work] = None


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
    warm-up of the model included. turned_images is how many pictures carry an EXIF orientation that the reader did not
    follow, None where an early version of the runner did not look. other_load_cpus is as a latency's. resize_rule is
    the precision in which the scale of a picture was computed, None where the model scales to one size or in its own
    way, and in earlier versions.
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
    other_load_cpus: Optional[float]
    turned_images: Optional[int] = None
    resize_rule: Optional[ResizeRule] = None


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
    """The document that one cell leaves behind. A cell that did not finish has a failure and no figures.

    `runner_sha256` is over the runner's own source files, `harness_version` that of the harness that started it, None
    where a person did. `remarks` are sentences on what only the runner saw: what was done to read the weights' file,
    variables that were set. `makes` is what a person's own detector was seen to return, None for a catalogued model, of
    which it is known. `warnings` are those of early versions of the runner, which judged what they observed;
    harness/analysis/cautions.py judges it now.
    """

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
    cpu_supply: Optional[CpuSupply] = None
    runner_sha256: Optional[str] = None
    harness_version: Optional[str] = None
    warnings: List[str] = field(default_factory=list)
    remarks: List[str] = field(default_factory=list)
    makes: Optional[List[Task]] = None
