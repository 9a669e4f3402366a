"""Writes what torchvision publishes of the catalogued models into the catalogue anew, from the installed torchvision.

A builder that this torchvision lacks, and a line that the catalogue lacks, stay as they are; a test holds the rest.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torchvision

import harness.catalogue

CATALOGUE = Path(harness.catalogue.__file__).parent / "models.toml"
#: A model's table: its builder, and its lines up to an empty one.
TABLE = re.compile(r"^\[(\w+)\]\n(?:.+\n)+", re.MULTILINE)


def published(builder: str) -> dict[str, str | float]:
    """Return what torchvision says of the builder's first COCO weights, by the catalogue's names."""
    weights = torchvision.models.get_model_weights(builder).COCO_V1
    meta: Mapping[str, Any] = weights.meta
    metrics: Mapping[str, float] = meta["_metrics"]["COCO-val2017"]
    return {
        "checkpoint": weights.url.rpartition("/")[2],
        "checkpoint_mib": meta["_file_size"],
        "parameters": meta["num_params"],
        "gflops": meta["_ops"],
        **{name.replace("map", "ap").replace("kp_", "keypoint_"): value for name, value in metrics.items()},
    }


def text(catalogue: str) -> str:
    """Return the catalogue with those figures."""
    known = torchvision.models.list_models(module=torchvision.models.detection)
    return TABLE.sub(lambda table: _filled(table[0], published(table[1])) if table[1] in known else table[0], catalogue)


def _filled(table: str, figures: Mapping[str, str | float]) -> str:
    for name, value in figures.items():
        written = f'"{value}"' if isinstance(value, str) else f"{value}"
        table = re.sub(rf"^{name} = .*$", f"{name} = {written}", table, flags=re.MULTILINE)
    return table


if __name__ == "__main__":
    CATALOGUE.write_text(text(CATALOGUE.read_text(encoding="utf-8")), encoding="utf-8")
