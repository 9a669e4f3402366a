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
