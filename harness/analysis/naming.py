"""How things are named in tables: what computed, weights, inputs and datasets, each by more than its name."""

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache

from harness.text import count
from runner.contract import Dataset, ImageFile, Job, Result

UNMEASURED = "not measured"


def short(text: str) -> str:
    """Return the six first hex digits of a SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def hardware_name(result: Result) -> str:
    """Return what computed, short: the GPU's name, or the CPU's with its number of usable cores."""
    name = computing_name(result)
    if name is None or result.hardware is None:
        return UNMEASURED
    if result.job.device == "cuda":
        return name
    return f"{_processor(name)}, {count(result.hardware.usable_cores, 'core')}"


@cache
def _processor(name: str) -> str:
    return " ".join(re.sub(r"\((R|TM)\)|CPU|Processor|\d+-Core|@.*", " ", name).split())


def computing_name(result: Result) -> str | None:
    """Return the name of what computed, as the machine itself gives it, None where nothing is on record.

    A GPU is the one that CUDA named. Where that is not on record, NVML's only one is it; of several it was some one.
    """
    hardware = result.hardware
    if hardware is None:
        return None
    if result.job.device == "cpu":
        return hardware.cpu_model
    if hardware.used_gpu:
        return hardware.used_gpu.name
    names = [gpu.name or "an unnamed GPU" for gpu in hardware.gpus if gpu.failure is None]
    return names[0] if len(names) == 1 else f"one of {' and '.join(names)}" if names else "unknown GPU"


def weights_name(job: Job) -> str:
    """Return the kind of the weights, a file's with the beginning of its SHA-256 and the graph that was chosen."""
    weights = job.model.weights
    if weights.kind == "file":
        graph = "" if weights.norm_eps is None else f", eps {weights.norm_eps:g}"
        return f"file {str(weights.sha256)[:6]}{graph}"
    return weights.kind


def inputs_name(job: Job) -> str:
    """Return what a latency was measured on: the pictures by a hash of theirs, or the protocol's made-up input."""
    if not job.images:
        return job.protocol.input
    return f"{len(job.images)} pictures {digest(job.images)}"


def digest(images: Iterable[ImageFile]) -> str:
    """Return six hex digits of a SHA-256 over the pictures' own, in their order."""
    return short("".join(image.sha256 for image in images))


def content_of(dataset: Dataset) -> str:
    """Return six hex digits that tell datasets of one name apart: by their annotations, and which images are taken."""
    return short(json.dumps([dataset.annotations_sha256, dataset.ids, dataset.files]))
