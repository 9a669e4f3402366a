"""The numbers published in 2021, to stand beside the measured ones."""

import tomllib
from dataclasses import dataclass
from functools import cache

from harness.catalogue import ROOT


@dataclass(frozen=True)
class Column:
    """A column of the published latency table: the mean in ms of each model, by builder."""

    hardware: str
    software: str
    latency_ms: dict[str, float]


@cache
def latency() -> dict[str, Column]:
    """Return the published latency columns by short name (gtx1070, p100, t4, xeon, epyc)."""
    tables = tomllib.loads((ROOT / "results" / "published" / "latency.toml").read_text(encoding="utf-8"))
    return {name: Column(**table) for name, table in tables.items()}


@cache
def average_precision() -> dict[str, list[float]]:
    """Return the published accuracy table: COCO's twelve numbers for boxes in percent, in its order, by builder."""
    path = ROOT / "results" / "published" / "map.toml"
    return {name: list(map(float, row)) for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items()}
