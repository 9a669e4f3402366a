"""The numbers published in 2021, to stand beside the measured ones, and the files that they were taken from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from harness import documents
from harness.paths import ROOT
from runner.contract import Device, Document

FOLDER = ROOT / "results" / "published"
LATENCY = ["gtx1070", "p100", "t4", "xeon", "epyc"]
#: The table's cells were cut or rounded to 0.01 ms.
ROUNDING_MS = 0.0101


@dataclass(frozen=True)
class Provenance(Document):
    """Where numbers were published. `file`, in sources/, is theirs unchanged; `unit` is that of its times."""

    repository: str
    page: str
    scripts: str
    licence: str
    file: str | None = None
    sha256: str | None = None
    unit: Literal["ms", "s"] | None = None


@dataclass(frozen=True)
class Figures(Document):
    """A model's latency: the cell of the table, and what the source file has of it, in ms however the file has it.

    images_per_second is 1000 / mean_ms. images_per_sec_as_published is the mean of 1 / t, which weighs fast images more
    and is a thousand times too high where the file is in seconds. total_s covers the warm-up too.
    """

    table_ms: float
    mean_ms: float
    median_ms: float
    min_ms: float
    p99_ms: float
    total_s: float
    images_per_second: float
    images_per_sec_as_published: float


@dataclass(frozen=True)
class PublishedColumn(Document):
    """A column of the published latency table; `hardware` is its heading, the other texts are as written there."""

    schema_version: int
    name: str
    source: Provenance
    hardware: str
    machine: list[str]
    software: list[str]
    device: Device
    protocol: str
    weights: Literal["pretrained"]
    warmup_iterations: int
    measured_iterations: int
    models: dict[str, Figures]

    @property
    def latency_ms(self) -> dict[str, float]:
        """The cells of the table, by builder."""
        return {builder: figures.table_ms for builder, figures in self.models.items()}


@dataclass(frozen=True)
class Accuracy(Document):
    """The published accuracy table: COCO's twelve numbers for boxes in percent, by builder and metric."""

    schema_version: int
    source: Provenance
    machine: list[str]
    software: list[str]
    protocol: str
    weights: Literal["pretrained"]
    dataset: str
    images: int
    models: dict[str, dict[str, float]]


@dataclass(frozen=True)
class SourceCheck:
    """A cell of the published latency table beside its source: which statistic it is, None where it is none of them.

    `faithful` says whether the document's other figures are those of the source file, and the file the one it names.
    """

    column: str
    builder: str
    published_ms: float
    mean_ms: float
    is_the: str | None
    faithful: bool


@cache
def latency() -> dict[str, PublishedColumn]:
    """Return the published latency columns by short name (gtx1070, p100, t4, xeon, epyc)."""
    return {name: documents.read(PublishedColumn, FOLDER / f"latency-{name}.json") for name in LATENCY}


@cache
def accuracy() -> Accuracy:
    """Return the published accuracy table."""
    return documents.read(Accuracy, FOLDER / "accuracy.json")


def check() -> list[SourceCheck]:
    """Return every cell of the published latency table beside its source file."""
    cells = []
    for name, column in latency().items():
        content = (FOLDER / "sources" / str(column.source.file)).read_bytes()
        same_file = hashlib.sha256(content).hexdigest() == column.source.sha256
        for builder, entry in json.loads(content).items():
            figures = column.models[builder]
            faithful = same_file and figures == figures_of(entry, column.source.unit, figures.table_ms)
            cells.append(SourceCheck(name, builder, figures.table_ms, figures.mean_ms, statistic_of(figures), faithful))
    return cells


def figures_of(entry: Mapping[str, float], unit: Literal["ms", "s"] | None, table_ms: float) -> Figures:
    """Return the figures of a model's entry in a source file, whose total_time is in its unit times 1000 iterations."""
    ms = 1000.0 if unit == "s" else 1.0
    return Figures(
        table_ms=table_ms,
        mean_ms=ms * entry["latency_mean"],
        median_ms=ms * entry["latency_median"],
        min_ms=ms * entry["latency_min"],
        p99_ms=ms * entry["99th_percentile"],
        total_s=ms * entry["total_time"] / 1000,
        images_per_second=1000 / (ms * entry["latency_mean"]),
        images_per_sec_as_published=entry["images_per_sec"],
    )


def is_the_mean(figures: Figures) -> bool:
    """Tell whether the table's cell is the mean of the source file, as the table says of all its cells."""
    return statistic_of(figures) == "mean"


def statistic_of(figures: Figures) -> str | None:
    """Return which of the source file's statistics the table's cell is, None where it is none of them."""
    known = {"mean": figures.mean_ms, "99th percentile": figures.p99_ms}
    known |= {"median": figures.median_ms, "minimum": figures.min_ms}
    return next((what for what, ms in known.items() if abs(ms - figures.table_ms) <= ROUNDING_MS), None)
