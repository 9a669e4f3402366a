"""What is observed of a measurement that tells it from others: one entry a fact, each read from what a cell left.

Those of knobs are read from the table of knobs, harness/knobs/table.py. A fact that was not recorded, as by an early
version, is None: known and unknown never make one series.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cache

from harness.analysis.naming import inputs_name, short
from harness.documents.run_folder import Cell
from harness.knobs.entry import Knob, Sight
from harness.knobs.table import KNOBS
from runner.contract import Gpu, Protocol, Software, Suite, cgroups

NOT_RECORDED = "not recorded"
#: Which quota holds where none does.
NO_QUOTA = "none"
#: What is loaded and computes on a CPU: BLAS, oneDNN and the threads' runtime. CUDA loads its libraries when it needs
#: them, so that they differ from model to model.
CPU_LIBRARY = re.compile(r"blas|mkl|dnnl|blis|atlas|lapack|gomp|omp\d*\.")


class Of(Enum):
    """What a fact is of: how it was measured, the machine, the software of the environment, or the runner itself."""

    RECIPE = "recipe"
    MACHINE = "machine"
    STACK = "stack"
    RUNNER = "runner"


@dataclass(frozen=True)
class Fact:
    """A fact: its name, what it is of, and how it is read from a cell; None where the cell does not tell.

    `label` says it in a column's heading, `word` in a sentence. Where series of one environment on one machine differ
    in it, a merge refuses them unless `may_differ`; it labels them in any case. `asked` facts are known of a cell that
    was never measured, too. `suite` is the only one that has it, `unset` its value where nobody chose one. A verdict on
    detections holds for latencies of the same `detects` facts only.
    """

    name: str
    of: Of
    observed: Callable[[Cell], str | None]
    label: str
    word: str = ""
    may_differ: bool = False
    asked: bool = False
    suite: Suite | None = None
    unset: str | None = None
    detects: bool = False

    def text(self, value: str | None) -> str:
        """Return the fact in a column's heading."""
        return self.label.format(NOT_RECORDED if value is None else value)


def _recipe(cell: Cell) -> str:
    return _latency_recipe(cell.job.protocol) if cell.job.suite == "latency" else "none"


@cache
def _latency_recipe(protocol: Protocol) -> str:
    """Return six hex digits over what a protocol says of how latency is measured; switches and threads are observed."""
    recipe = asdict(protocol)
    for name in ("name", "title", "repeats", "repeating", "timeout_seconds", "numerics", "threads", "detection"):
        del recipe[name]
    return short(json.dumps(recipe, sort_keys=True))


def _software(read: Callable[[Software], object]) -> Callable[[Cell], str | None]:
    def observed(cell: Cell) -> str | None:
        value = read(cell.result.software) if cell.result.software else None
        return None if value is None else str(value)

    return observed


def _build(software: Software) -> str:
    parts = (software.torch_git, software.torchvision_git, software.cuda, software.cudnn, software.torch_config)
    return _short_of_build(parts, tuple(software.compiled_architectures))


@cache
def _short_of_build(parts: tuple[object, ...], architectures: tuple[str, ...]) -> str:
    return short(repr((*parts, list(architectures))))


def _libraries(software: Software) -> str:
    return _short_of_libraries(*((each.name, each.version) for each in software.shared_libraries))


@cache
def _short_of_libraries(*libraries: tuple[str, str | None]) -> str:
    return short(repr(sorted((each for each in libraries if CPU_LIBRARY.search(each[0])), key=repr)))


def _quota(cell: Cell) -> str | None:
    supply = cell.result.cpu_supply
    if supply is None:
        return None
    if supply.quota_cpus is None:
        return NO_QUOTA if (supply.missing_reason or cgroups.NO_QUOTA).startswith(cgroups.NO_QUOTA) else None
    return f"{supply.quota_cpus:g}"


def _pixels(cell: Cell) -> str | None:
    """Return a hash over every decoded picture: decoders that agree on PNG may not on JPEG."""
    latency = cell.result.latency
    return short("".join(each.pixels_sha256 for each in latency.inputs)) if latency and latency.inputs else None


def _decoder(cell: Cell) -> str | None:
    """Return which decoder a detection pass had; of latencies, and torchvision's, other facts tell it."""
    how, software = cell.job.detection if cell.job.dataset else None, cell.result.software
    if how is None or software is None or how.reader not in DECODERS:
        return None
    named = (f"{name} {version}" for name, version in software.packages.items() if DECODERS[how.reader].match(name))
    return next(named, None)


def _image(cell: Cell) -> str | None:
    if cell.execution is None or cell.execution.image is None:
        return None
    image = cell.execution.image
    return short(repr((image.recipe_sha256, image.base, image.base_id, sorted(image.build_args.items()))))


def _card(cell: Cell) -> Gpu | None:
    """Return what NVML says of the GPU that computed; None on a CPU, and where it can't be told which it was."""
    hardware = cell.result.hardware
    if hardware is None or cell.job.device != "cuda":
        return None
    used = hardware.used_gpu
    if used is None:
        return hardware.gpus[0] if len(hardware.gpus) == 1 else None
    return next((gpu for gpu in hardware.gpus if gpu.uuid is not None and gpu.uuid == used.uuid), None)


def _of_card(read: Callable[[Gpu], object]) -> Callable[[Cell], str | None]:
    def observed(cell: Cell) -> str | None:
        card = _card(cell)
        value = read(card) if card else None
        return None if value is None else str(value)

    return observed


def _gpu(cell: Cell) -> str | None:
    used = cell.result.hardware.used_gpu if cell.result.hardware else None
    if used is None:
        card = _card(cell)
        return (card.uuid or card.pci_bus_id) if card else None
    return " ".join(filter(None, (used.uuid or used.pci_bus_id, used.mig_profile))) or None


def facts_of(knob: Knob) -> Iterator[Fact]:
    """Yield the facts that tell cells with other values of a knob apart."""
    for sight in (sight for sight in knob.seen if sight.splits):
        yield Fact(
            sight.name,
            Of.RECIPE,
            _seen(knob, sight),
            sight.label,
            sight.word,
            sight.may_differ,
            asked=not sight.place,
            suite=knob.suite,
            unset=sight.unset,
            detects=knob.detects,
        )


def _seen(knob: Knob, sight: Sight) -> Callable[[Cell], str | None]:
    def observed(cell: Cell) -> str | None:
        value = knob.observed(cell, sight)
        return sight.unset if value is None else knob.text(value)

    return observed


def _hardware(name: str) -> Callable[[Cell], str | None]:
    def observed(cell: Cell) -> str | None:
        value = getattr(cell.result.hardware, name) if cell.result.hardware else None
        return None if value is None else str(value)

    return observed


#: The packages that decode pictures for a reader, as their distributions are called.
DECODERS = {"pil": re.compile("pillow", re.IGNORECASE), "cv2": re.compile("opencv", re.IGNORECASE)}
#: What tells the software that detects from another of one name. The libraries are none of it: a reader loads its own.
SOFTWARE = ("torch", "torchvision", "python", "build")

#: Every fact, in the order in which labels name them: those of the recipe first, then what tells alike columns apart.
FACTS: tuple[Fact, ...] = (
    Fact("recipe", Of.RECIPE, _recipe, "recipe {}", "the protocol's recipe", asked=True),
    Fact("inputs", Of.RECIPE, lambda cell: inputs_name(cell.job), "{}", "inputs", asked=True),
    *(fact for knob in KNOBS if knob.option for fact in facts_of(knob)),
    Fact("quota", Of.RECIPE, _quota, "CPU quota: {}", "CPU quota"),
    *(fact for knob in KNOBS if not knob.option for fact in facts_of(knob)),
    Fact(
        "default_dtype",
        Of.RECIPE,
        _software(lambda software: software.numerics.get("default_dtype")),
        "default dtype: {}",
        "default dtype",
        detects=True,
    ),
    Fact("torch", Of.STACK, _software(lambda software: software.torch), "torch {}", "torch"),
    Fact("torchvision", Of.STACK, _software(lambda software: software.torchvision), "torchvision {}", "torchvision"),
    Fact("python", Of.STACK, _software(lambda software: software.python), "Python {}", "Python"),
    Fact("build", Of.STACK, _software(_build), "torch's build {}", "how torch was built"),
    Fact("libraries", Of.STACK, _software(_libraries), "libraries {}", "BLAS or OpenMP"),
    Fact(
        "interop",
        Of.STACK,
        _software(lambda software: software.interop_threads),
        "threads between operators: {}",
        "threads between operators",
    ),
    Fact("pixels", Of.STACK, _pixels, "pictures decoded to {}", "decoded pictures"),
    Fact("decoder", Of.STACK, _decoder, "{}", "decoder of pictures", may_differ=True),
    Fact("image", Of.STACK, _image, "image {}", may_differ=True),
    Fact("driver", Of.MACHINE, _of_card(lambda gpu: gpu.driver), "driver {}", "driver"),
    Fact("power limit", Of.MACHINE, _of_card(lambda gpu: gpu.power_limit_watts), "power limit {} W", "power limit"),
    Fact("clock", Of.MACHINE, _of_card(lambda gpu: gpu.max_sm_clock_mhz), "up to {} MHz", "highest clock"),
    Fact(
        "memory clock",
        Of.MACHINE,
        _of_card(lambda gpu: gpu.max_memory_clock_mhz),
        "memory up to {} MHz",
        "highest clock of memory",
    ),
    Fact("ecc", Of.MACHINE, _of_card(lambda gpu: gpu.ecc_enabled), "ECC: {}", "ECC"),
    Fact("gpu", Of.MACHINE, _gpu, "GPU {}", may_differ=True),
    Fact("governor", Of.MACHINE, _hardware("governor"), "governor {}", "governor"),
    Fact("frequency", Of.MACHINE, _hardware("max_frequency_mhz"), "CPU up to {} MHz", "highest frequency"),
    Fact("processor", Of.MACHINE, _hardware("cpu_model"), "{}", may_differ=True),
    Fact("cores", Of.MACHINE, _hardware("logical_cores"), "logical cores: {}", may_differ=True),
    Fact("physical cores", Of.MACHINE, _hardware("physical_cores"), "physical cores: {}", may_differ=True),
    Fact("virtualisation", Of.MACHINE, _hardware("virtualisation"), "on {}", may_differ=True),
    Fact("kernel", Of.MACHINE, _hardware("kernel"), "kernel {}", may_differ=True),
    Fact("runner", Of.RUNNER, lambda cell: (cell.result.runner_sha256 or "")[:6] or None, "runner {}", may_differ=True),
    Fact("harness", Of.RUNNER, lambda cell: cell.result.harness_version, "harness {}", may_differ=True),
)


def observed(cell: Cell, *names: str) -> dict[str, str | None]:
    """Return the facts of these names."""
    return {fact.name: fact.observed(cell) for fact in FACTS if fact.name in names}


def departures(values: Sequence[str | None]) -> list[str]:
    """Return what was chosen instead of what the protocol says, by the values of FACTS in their order."""
    pairs = zip(FACTS, values, strict=True)
    chosen = [fact.text(value) for fact, value in pairs if fact.unset is not None and value not in (None, fact.unset)]
    return [f"{text} instead of the protocol's own" for text in chosen]
