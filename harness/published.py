"""The numbers published in 2021, to stand beside the measured ones, and the files that they were taken from."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache

from harness.catalogue import ROOT

FOLDER = ROOT / "results" / "published"
#: Of each model's 1000 iterations the first 50 warmed up; the statistics but total_time are over the others.
ITERATIONS, MEASURED = 1000, 950
#: The table's cells were cut or rounded to 0.01 ms.
ROUNDING_MS = 0.0101


@dataclass(frozen=True)
class Statistics:
    """What a source file holds of one model, in ms however the file has it; total_s covers all 1000 iterations.

    images_per_second is 1000 / mean_ms. images_per_sec is the file's own figure, the mean of 1 / t, which weighs fast
    images more and is a thousand times too high where the file is in seconds.
    """

    mean_ms: float
    median_ms: float
    min_ms: float
    p99_ms: float
    total_s: float
    images_per_second: float
    images_per_sec: float


@dataclass(frozen=True)
class Column:
    """A column of the published latency table: the mean in ms of each model, by builder, and where it is from."""

    hardware: str
    software: str
    source: str
    seconds: bool
    latency_ms: dict[str, float]

    def statistics(self) -> dict[str, Statistics]:
        """Return what the column's source file holds of each model, by builder."""
        path = FOLDER / "sources" / self.source
        ms = 1000.0 if self.seconds else 1.0
        return {
            builder: Statistics(
                mean_ms=ms * entry["latency_mean"],
                median_ms=ms * entry["latency_median"],
                min_ms=ms * entry["latency_min"],
                p99_ms=ms * entry["99th_percentile"],
                total_s=ms * entry["total_time"] / 1000,
                images_per_second=1000 / (ms * entry["latency_mean"]),
                images_per_sec=entry["images_per_sec"],
            )
            for builder, entry in json.loads(path.read_text(encoding="utf-8")).items()
        }


@dataclass(frozen=True)
class Cell:
    """A cell of the published latency table beside its source: which statistic it is, None where it is none of them."""

    column: str
    builder: str
    published_ms: float
    mean_ms: float
    is_the: str | None


@cache
def latency() -> dict[str, Column]:
    """Return the published latency columns by short name (gtx1070, p100, t4, xeon, epyc)."""
    tables = tomllib.loads((FOLDER / "latency.toml").read_text(encoding="utf-8"))
    return {name: Column(**table) for name, table in tables.items()}


def check() -> list[Cell]:
    """Return every cell of the published latency table beside its source file."""
    cells = []
    for name, column in latency().items():
        for builder, found in column.statistics().items():
            published_ms = column.latency_ms[builder]
            known = {"mean": found.mean_ms, "99th percentile": found.p99_ms}
            known |= {"median": found.median_ms, "minimum": found.min_ms}
            is_the = next((what for what, ms in known.items() if abs(ms - published_ms) <= ROUNDING_MS), None)
            cells.append(Cell(name, builder, published_ms, found.mean_ms, is_the))
    return cells


@cache
def average_precision() -> dict[str, list[float]]:
    """Return the published accuracy table: COCO's twelve numbers for boxes in percent, in its order, by builder."""
    path = FOLDER / "map.toml"
    return {name: list(map(float, row)) for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items()}
