"""Who measured: a card for each software stack and each machine; and what was not measured, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.analysis.naming import hardware_name
from harness.analysis.pins import deviations, pinned
from harness.catalogue import environments
from harness.documents.run_folder import Cell
from harness.documents.spared import is_spared
from harness.report.page.findings import display
from runner.contract import Gpu, Hardware, Software, UsedGpu

GIB = 1 << 30


@dataclass(frozen=True)
class Card:
    """A card: what it is about, what differs from what was expected, its facts, and longer lists below them."""

    title: str
    subtitle: str
    deviations: list[str]
    facts: dict[str, str]
    lists: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Trouble:
    """Cells without a figure for one reason."""

    status: str
    environment: str
    suite: str
    message: str
    remedy: str
    models: list[str]


def environment_cards(cells: Sequence[Cell]) -> list[Card]:
    """Return a card for each stack that was observed; one environment has several where anything but a library differs.

    CUDA loads its libraries as a model needs them, so a card has those of all of its cells.
    """
    by_stack: dict[str, list[Cell]] = {}
    for cell in cells:
        if software := cell.result.software:
            image = cell.execution.image if cell.execution else None
            stack = repr((cell.job.environment, image, replace(software, shared_libraries=[])))
            by_stack.setdefault(stack, []).append(cell)
    return [_environment(group, software) for group in by_stack.values() if (software := group[0].result.software)]


def _environment(cells: list[Cell], software: Software) -> Card:
    name = cells[0].job.environment
    known = environments().get(name.partition(":")[0])
    differing = list(dict.fromkeys(text for cell in cells for text in deviations(cell)))
    if not differing and any(pinned(cell) is False for cell in cells):
        differing = ["not pinned"]
    loaded = [each for cell in cells if cell.result.software for each in cell.result.software.shared_libraries]
    libraries = list(dict.fromkeys(f"{each.name} {each.version or ''}".strip() for each in loaded))
    return Card(
        title=name,
        subtitle=known.title if known else "",
        deviations=differing,
        facts=_versions(software) | _image(cells[0]),
        lists={
            "Loaded libraries": libraries,
            "Numerics": [f"{switch}: {value}" for switch, value in software.numerics.items()],
            "Packages": [f"{package} {version}" for package, version in software.packages.items()],
            "How torch was built": software.torch_config.splitlines(),
        },
    )


def _versions(software: Software) -> dict[str, str]:
    facts = {
        "Python": software.python,
        "torch": software.torch,
        "torchvision": software.torchvision,
        "CUDA": software.cuda or "none",
        "cuDNN": str(software.cudnn or "none"),
        "threads": f"{software.threads}, between operators {software.interop_threads}",
    }
    compiled = " ".join(software.compiled_architectures)
    return facts | ({"compiled for": compiled} if compiled else {})


def _image(cell: Cell) -> dict[str, str]:
    image = cell.execution.image if cell.execution else None
    if image is None:
        return {}
    facts = {"image": image.tag, "image id": image.id, "recipe": image.recipe_sha256, "base": image.base}
    arguments = ", ".join(f"{name}={value}" for name, value in image.build_args.items())
    return facts | ({"build arguments": arguments} if arguments else {})


def hardware_cards(cells: Sequence[Cell]) -> list[Card]:
    """Return a card for each machine, and for what else of it differed: the GPU that computed, say, or the kernel."""
    machines = [_machine(cell, cell.result.hardware) for cell in cells if cell.result.hardware]
    return list({repr(card): card for card in machines}.values())


def _machine(cell: Cell, hardware: Hardware) -> Card:
    facts = {
        "processor": hardware.cpu_model,
        "usable cores": str(hardware.usable_cores),
        "logical cores": str(hardware.logical_cores),
        "physical cores": str(hardware.physical_cores or "not known"),
        "highest clock": f"{hardware.max_frequency_mhz:.0f} MHz" if hardware.max_frequency_mhz else "not known",
        "governor": hardware.governor or "not known",
        "memory": f"{hardware.memory_bytes / GIB:.1f} GiB",
        "virtualisation": hardware.virtualisation or "none seen",
        "kernel": hardware.kernel,
    }
    host = cell.execution.host if cell.execution else None
    if host:
        facts |= {"host": host.id or f"not known, of {cell.run}"} | ({"engine": host.engine} if host.engine else {})
    if not hardware.gpus:
        facts["GPU"] = f"none: {hardware.gpus_missing_reason}" if hardware.gpus_missing_reason else "none"
    for title, gpus in _by_title(hardware.gpus).items():
        facts[title] = "; ".join(map(_gpu, gpus))
    if hardware.used_gpu:
        facts["computed on"] = _used(hardware.used_gpu)
    return Card(hardware_name(cell.result), cell.job.device.upper() if cell.job.device == "cpu" else "CUDA", [], facts)


def _by_title(gpus: Sequence[Gpu]) -> dict[str, list[Gpu]]:
    """Return the GPUs by their number, which all instances of one in MIG mode share."""
    by_title: dict[str, list[Gpu]] = {}
    for gpu in gpus:
        by_title.setdefault(f"GPU {gpu.index}", []).append(gpu)
    return by_title


def _used(gpu: UsedGpu) -> str:
    """Return which GPU CUDA itself named."""
    known = [f"MIG {gpu.mig_profile}"] if gpu.mig_profile else []
    known += [f"PCI {gpu.pci_bus_id}"] if gpu.pci_bus_id else []
    known += [f"UUID {gpu.uuid} (a pseudonym)"] if gpu.uuid else []
    return ", ".join([gpu.name, *known]) + (f": {gpu.missing_reason}" if gpu.missing_reason else "")


def _gpu(gpu: Gpu) -> str:
    name = gpu.name or "name not known"
    if gpu.failure:
        return f"{name}: {gpu.failure}"
    memory = f"{gpu.memory_bytes / GIB:.1f} GiB" if gpu.memory_bytes else "memory not known"
    parts = [name, memory, f"driver {gpu.driver or 'not known'}"]
    parts += [f"MIG {gpu.mig_profile}"] if gpu.mig_profile else []
    parts += [f"compute capability {gpu.compute_capability}"] if gpu.compute_capability else []
    parts += [f"{gpu.power_limit_watts:.0f} W"] if gpu.power_limit_watts else []
    parts += [f"up to {gpu.max_sm_clock_mhz} MHz"] if gpu.max_sm_clock_mhz else []
    return ", ".join(parts)


def troubles(cells: Sequence[Cell]) -> list[Trouble]:
    """Return why cells have no figure, each reason once with the models that it is about."""
    by_reason: dict[tuple[str, str, str, str, str], list[str]] = {}
    for cell in cells:
        if (failure := cell.result.failure) and not is_spared(cell.result):
            reason = (cell.result.status, cell.job.environment, cell.job.suite, failure.message, failure.remedy)
            by_reason.setdefault(reason, []).append(display(cell))
    return [Trouble(*reason, list(dict.fromkeys(names))) for reason, names in by_reason.items()]
