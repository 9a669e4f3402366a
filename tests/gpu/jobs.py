"""Jobs for the runner, from the project's own models and protocols: what the harness would write, without it."""

import hashlib
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from runner.contract import (
    SCHEMA_VERSION,
    Dataset,
    Device,
    ImageFile,
    Job,
    ModelSpec,
    Numerics,
    Protocol,
    Thresholds,
    Variant,
    Weights,
)
from runner.contract.serialise import from_dict
from tests.gpu.running import ROOT

PHOTOGRAPHS, WEIGHTS = ROOT / "data" / "photographs", ROOT / "data" / "weights"
RANDOM = Weights("random", seed=0)
SHAPES_FILE = "shapes-ssdlite320.safetensors"


@cache
def catalogue() -> dict[str, Any]:
    """Return the catalogued models by builder."""
    return _toml("models.toml")


def protocol(name: str) -> Protocol:
    """Return a protocol of the project."""
    return from_dict(Protocol, {"name": name, **_toml("protocols.toml")[name]})


def latency(builder: str, iterations: int | None = None, recipe: str = "quick-1") -> Job:
    """Return the job that times a model with random weights on the GPU, by default with photographs."""
    return replace(
        _job(f"{builder}--{recipe}--{iterations or 'all'}", builder, RANDOM, recipe),
        variant=Variant(iterations=iterations),
        images=[ImageFile(path.name, _sha256(path)) for path in photographs()],
    )


def detection_pass(
    name: str, builder: str, weights: Weights, device: Device, pictures: list[Path], **changes: Any
) -> Job:
    """Return the job that detects in pictures of one folder; `changes` are of the protocol's numerics, or the batch."""
    job = _job(f"{name}--{builder}--{weights.kind}", builder, weights, "quick-1")
    batch = changes.pop("batch", None)
    return replace(
        job,
        suite="accuracy",
        device=device,
        variant=Variant(numerics=replace(Numerics(), **changes), batch=batch),
        dataset=Dataset("pictures", "", [1], list(range(1, len(pictures) + 1)), [path.name for path in pictures]),
    )


def shapes_weights() -> Weights:
    """Return the bundled weights."""
    return Weights("shapes", file=SHAPES_FILE, sha256=_sha256(WEIGHTS / SHAPES_FILE))


def photographs() -> list[Path]:
    """Return the bundled photographs."""
    return sorted(PHOTOGRAPHS.glob("*.jpg"))


def _job(cell: str, builder: str, weights: Weights, recipe: str) -> Job:
    limits = catalogue()[builder]["thresholds"] if weights.kind == "random" else None
    return Job(
        schema_version=SCHEMA_VERSION,
        cell=cell,
        environment="local",
        suite="latency",
        model=ModelSpec(builder, weights, from_dict(Thresholds, limits) if limits else None),
        device="cuda",
        protocol=protocol(recipe),
        variant=Variant(),
        repeat=1,
        images=[],
        expected={},
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "harness" / "catalogue" / name).read_text(encoding="utf-8"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
