"""job.json: everything the runner needs to execute one cell, the model and the recipe resolved."""

import math
from dataclasses import dataclass, replace
from typing import Dict, List, Literal, Optional

from runner.contract.model import Document, ModelSpec

Suite = Literal["latency", "accuracy"]
Device = Literal["cpu", "cuda"]
Reader = Literal["cv2", "pil", "torchvision"]
BoxRule = Literal["float", "truncate-int"]
ResizeRule = Literal["float32", "float64"]
NmsRoute = Literal["vanilla", "coordinate-trick"]
OnOff = Literal["on", "off"]


@dataclass(frozen=True)
class Stopping(Document):
    """When a phase ends: after a count, when the series is steady, or when the interval is narrow enough.

    `relative_half_width` (a share), `confidence` and `pilot_effective_samples`, which its first stage needs,
    belong to the rule `interval`, `steady_window` to `steady`. `max_seconds` caps the phase besides max_iterations.
    """

    rule: Literal["count", "steady", "interval"]
    min_iterations: int
    max_iterations: int
    steady_window: Optional[int] = None
    relative_half_width: Optional[float] = None
    confidence: Optional[float] = None
    pilot_effective_samples: Optional[float] = None
    max_seconds: Optional[float] = None


@dataclass(frozen=True)
class Repeating(Document):
    """How a cell's repeats, each a fresh process, are ordered, when they end early, and what is made of them.

    Each round measures everything once, in an `order` of its own. A model's repeats end early once there are at least
    `min_repeats` and the 95 % interval over them is within `relative_half_width` (a share of the figure). `average` is
    over the repeats' figures.
    """

    order: Literal["random"]
    average: Literal["geometric"]
    min_repeats: int
    relative_half_width: float


@dataclass(frozen=True)
class DetectionPass(Document):
    """How the suite accuracy detects and which box rule its reported AP takes; the other rule's is shown beside it.

    reader says who decodes a picture, and so what becomes of EXIF orientation; image_timeout_seconds is the time that
    an image may take, on average, before the cell is ended.
    """

    reader: Reader
    batch: int
    box_rule: BoxRule
    image_timeout_seconds: float


@dataclass(frozen=True)
class Numerics(Document):
    """Every switch that changes how fast or how exactly torch computes.

    tf32 allows it to a GPU's convolutions; matmul_precision is torch's setting for matrix products, where high and
    medium allow TF32 to a GPU and may allow bfloat16 to a CPU; deterministic refuses algorithms whose results vary;
    flush_denormals takes the smallest numbers for zero. threads are torch's on the CPU, None for its own choice.
    """

    tf32: bool = False
    matmul_precision: Literal["highest", "high", "medium"] = "highest"
    cudnn_benchmark: bool = False
    deterministic: bool = False
    flush_denormals: bool = False
    threads: Optional[int] = None


@dataclass(frozen=True)
class Protocol(Document):
    """A named, frozen recipe, resolved. Data, never code branches: changing one means a new name.

    `repeats` are at most so many; without `repeating` environments take turns, all repeats are measured, and the figure
    is the mean over them. `threads` say what a plan sets where `numerics` leave them open: one for each physical core
    among the CPUs that the cell may use, None for torch's own choice.
    """

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
    numerics: Numerics = Numerics()
    detection: Optional[DetectionPass] = None
    repeating: Optional[Repeating] = None
    threads: Optional[Literal["physical-cores"]] = None


@dataclass(frozen=True)
class Variant(Document):
    """Knobs beyond the protocol. None leaves the protocol's, or the machine's, own value.

    `percentile` (0 to 100, both excluded) is reported beside the protocol's figure, None where nobody asked for one.
    resize_rule is the precision in which the scale of a picture is computed, nms_route how classes are kept apart as
    boxes are suppressed. blas_threads are those of a BLAS that has threads of its own, beside torch's, and onednn says
    whether torch computes with oneDNN. None leaves all four to the stack.
    """

    threads: Optional[int] = None
    numerics: Optional[Numerics] = None
    cpus: Optional[str] = None
    iterations: Optional[int] = None
    reader: Optional[Reader] = None
    batch: Optional[int] = None
    percentile: Optional[float] = None
    resize_rule: Optional[ResizeRule] = None
    nms_route: Optional[NmsRoute] = None
    blas_threads: Optional[int] = None
    onednn: Optional[OnOff] = None


@dataclass(frozen=True)
class ImageFile(Document):
    """An input picture: its name inside the images folder that the executor hands in, and its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Dataset(Document):
    """The images of a detection pass in their order, as columns: ids and file names inside the images folder.

    categories are the ids that its annotations may use: a model whose head has too few classes is refused. Where it
    `follows`, the files come while the pass goes on (arrivals.py), and it ends before the first that does not; nobody
    has annotated them.
    """

    name: str
    annotations_sha256: str
    categories: List[int]
    ids: List[int]
    files: List[str]
    follows: bool = False


@dataclass(frozen=True)
class Shard(Document):
    """Which part of a detection pass a cell is, counted from 1; its job's dataset has the images of this part alone."""

    number: int
    of: int


@dataclass(frozen=True)
class Job(Document):
    """Everything the runner needs to execute one cell, independent of where folders are mounted.

    images are latency's inputs, dataset is accuracy's. `stages` and `profile` are iterations that look inside.
    """

    schema_version: int
    cell: str
    environment: str
    suite: Suite
    model: ModelSpec
    device: Device
    protocol: Protocol
    variant: Variant
    repeat: int
    images: List[ImageFile]
    expected: Dict[str, str]
    dataset: Optional[Dataset] = None
    skip_bad_images: bool = False
    shard: Optional[Shard] = None
    stages: Optional[int] = None
    profile: Optional[int] = None

    @property
    def measured_iterations(self) -> int:
        """How many iterations are measured at most: the variant's number, else the protocol's."""
        return self.variant.iterations or self.protocol.measure.max_iterations

    @property
    def warmup_iterations(self) -> int:
        """How many iterations warm up at most: where the variant takes fewer, the same share of a count, rounded up."""
        full, measured = self.protocol.warmup.max_iterations, self.protocol.measure.max_iterations
        if self.protocol.warmup.rule != "count":  # measured iterations are then of the same series, these included
            return min(full, self.measured_iterations)
        return min(full, math.ceil(full * self.measured_iterations / measured))

    @property
    def numerics(self) -> Numerics:
        """The switches that hold: the variant's, else the protocol's, with the variant's number of threads."""
        chosen = self.variant.numerics or self.protocol.numerics
        return replace(chosen, threads=self.variant.threads or chosen.threads)

    @property
    def detection(self) -> Optional[DetectionPass]:
        """How the job detects: the protocol's pass with the variant's reader and batch, where it has any."""
        own, variant = self.protocol.detection, self.variant
        return own and replace(own, reader=variant.reader or own.reader, batch=variant.batch or own.batch)

    @property
    def timeout_seconds(self) -> float:
        """How long the cell may take: the protocol's limit, and for a detection pass some time for each image."""
        limit, dataset, how = self.protocol.timeout_seconds, self.dataset, self.detection
        return limit + len(dataset.ids) * how.image_timeout_seconds if dataset and how else limit
