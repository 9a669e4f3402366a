"""How what tells a measurement from others is read from what a cell left: each fact as a text, None if not recorded."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache

from harness.analysis.naming import short
from harness.documents.run_folder import Cell
from runner.contract import Gpu, Protocol, Software, cgroups

#: Which quota holds where none does.
NO_QUOTA = "none"
#: What is loaded and computes on a CPU: BLAS, oneDNN and the threads' runtime. CUDA loads its libraries when it needs
#: them, so that they differ from model to model.
CPU_LIBRARY = re.compile(r"blas|mkl|dnnl|blis|atlas|lapack|gomp|omp\d*\.")
#: The packages that decode pictures for a reader, as their distributions are called.
DECODERS = {"pil": re.compile("pillow", re.IGNORECASE), "cv2": re.compile("opencv", re.IGNORECASE)}


def recipe(cell: Cell) -> str:
    """Return the recipe of a latency; that of a detection pass is told by other facts."""
    return _latency_recipe(cell.job.protocol) if cell.job.suite == "latency" else "none"


@cache
def _latency_recipe(protocol: Protocol) -> str:
    """Return six hex digits over what a protocol says of how latency is measured; switches and threads are observed."""
    how = asdict(protocol)
    for name in ("name", "title", "repeats", "repeating", "timeout_seconds", "numerics", "threads", "detection"):
        del how[name]
    return short(json.dumps(how, sort_keys=True))


def software(read: Callable[[Software], object]) -> Callable[[Cell], str | None]:
    """Return what reads a fact of the software."""

    def observed(cell: Cell) -> str | None:
        value = read(cell.result.software) if cell.result.software else None
        return None if value is None else str(value)

    return observed


def build(of: Software) -> str:
    """Return a hash over what torch and torchvision were built from, with and for."""
    parts = (of.torch_git, of.torchvision_git, of.cuda, of.cudnn, of.torch_config)
    return _short_of_build(parts, tuple(of.compiled_architectures))


@cache
def _short_of_build(parts: tuple[object, ...], architectures: tuple[str, ...]) -> str:
    return short(repr((*parts, list(architectures))))


def libraries(of: Software) -> str:
    """Return a hash over the libraries that compute on a CPU."""
    return _short_of_libraries(*((each.name, each.version) for each in of.shared_libraries))


@cache
def _short_of_libraries(*loaded: tuple[str, str | None]) -> str:
    return short(repr(sorted((each for each in loaded if CPU_LIBRARY.search(each[0])), key=repr)))


def quota(cell: Cell) -> str | None:
    """Return the tightest CPU quota, in CPUs."""
    supply = cell.result.cpu_supply
    if supply is None:
        return None
    if supply.quota_cpus is None:
        return NO_QUOTA if (supply.missing_reason or cgroups.NO_QUOTA).startswith(cgroups.NO_QUOTA) else None
    return f"{supply.quota_cpus:g}"


def pixels(cell: Cell) -> str | None:
    """Return a hash of each picture that was decoded, in their order: decoders that agree on PNG may not on JPEG."""
    latency = cell.result.latency
    return " ".join(each.pixels_sha256[:6] for each in latency.inputs) or None if latency else None


def decoder(cell: Cell) -> str | None:
    """Return which decoder a detection pass had; of latencies, and torchvision's, other facts tell it."""
    how, stack = cell.job.detection if cell.job.dataset else None, cell.result.software
    if how is None or stack is None or how.reader not in DECODERS:
        return None
    named = (f"{name} {version}" for name, version in stack.packages.items() if DECODERS[how.reader].match(name))
    return next(named, None)


def image(cell: Cell) -> str | None:
    """Return a hash over what the container's image was built from."""
    ran = cell.execution.image if cell.execution else None
    if ran is None:
        return None
    return short(repr((ran.recipe_sha256, ran.base, ran.base_id, sorted(ran.build_args.items()))))


def _card(cell: Cell) -> Gpu | None:
    """Return what NVML says of the GPU that computed; None on a CPU, and where it can't be told which it was."""
    seen = cell.result.hardware
    if seen is None or cell.job.device != "cuda":
        return None
    used = seen.used_gpu
    if used is None:
        return seen.gpus[0] if len(seen.gpus) == 1 else None
    return next((card for card in seen.gpus if card.uuid is not None and card.uuid == used.uuid), None)


def of_card(read: Callable[[Gpu], object]) -> Callable[[Cell], str | None]:
    """Return what reads a fact of the GPU that computed."""

    def observed(cell: Cell) -> str | None:
        card = _card(cell)
        value = read(card) if card else None
        return None if value is None else str(value)

    return observed


def gpu(cell: Cell) -> str | None:
    """Return which GPU computed, and of which profile an instance of one is."""
    used = cell.result.hardware.used_gpu if cell.result.hardware else None
    if used is None:
        card = _card(cell)
        return (card.uuid or card.pci_bus_id) if card else None
    return " ".join(filter(None, (used.uuid or used.pci_bus_id, used.mig_profile))) or None


def hardware(name: str) -> Callable[[Cell], str | None]:
    """Return what reads a fact of the machine."""

    def observed(cell: Cell) -> str | None:
        value = getattr(cell.result.hardware, name) if cell.result.hardware else None
        return None if value is None else str(value)

    return observed
