"""harness doctor: what runs on this host, and if not, why."""

import dataclasses
import json

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from harness.catalogue import models
from harness.cli.console import said, say, say_row
from harness.host.gpus import INSTALL_TOOLKIT, HostGpu
from harness.preflight.checks import Preflight
from harness.preflight.doctor import Findings, examine
from harness.text import GAP

GIB = 1 << 30


def print_findings(as_json: bool) -> None:
    """Examine the host and print what was found."""
    with Preflight() as preflight:
        findings = examine(preflight)
    if as_json:
        print(json.dumps(dataclasses.asdict(findings), indent=1))
        return
    console = Console()
    for line in _host(findings):
        say(console, line)
    console.print(_matrix(findings))


def _host(found: Findings) -> list[str]:
    rootless = ", rootless" if found.rootless else ""
    engine = f"Docker engine {found.engine}{rootless}" if found.engine else str(found.engine_reason)
    gpus = [f"cuda:{i}, {_gpu(gpu)}" for i, gpu in enumerate(found.gpus)]
    turbo = {True: "on", False: "off", None: "unknown"}[found.turbo]
    quota = f", limited to {found.cpu_limit:g} CPUs by a quota, which throttles in bursts" if found.cpu_limit else ""
    limit = f", limited to {_gb(found.memory_limit_bytes)}" if found.memory_limit_bytes else ""
    return [
        f"engine    {engine}",
        *(f"GPU       {gpu}" for gpu in gpus or [str(found.gpus_reason)]),
        *([f"toolkit   {_toolkit(found)}"] if any(gpu.failure is None for gpu in found.gpus) and found.engine else []),
        f"CPU       {found.cores} cores{quota}, governor {found.governor or 'unknown'}, turbo {turbo}, "
        f"load {found.load_1min:.1f}",
        f"memory    {_gb(found.memory_available_bytes)} of {_gb(found.memory_bytes)} available{limit}",
        f"disk      {_gb(found.disk_free_bytes)} free",
        f"weights   {found.checkpoints} of {len(models())} checkpoints are here",
        *(f"latency   {text}" for text in _measuring(found)),
    ]


def _measuring(found: Findings) -> list[str]:
    """Return why no latency can be measured, or who measures one now; nothing where nobody does."""
    if found.locks_reason:
        return [f"can't be measured: {found.locks_reason}"]
    held: dict[str, list[str]] = {}
    for device, holder in found.measuring.items():
        held.setdefault(holder, []).append(device)
    more = {holder: f" and {len(devices) - 1} more" if devices[1:] else "" for holder, devices in held.items()}
    return [f"{devices[0]}{more[holder]} held by {holder}" for holder, devices in held.items()]


def _gpu(gpu: HostGpu) -> str:
    """Return what is known of a GPU, which the line calls as --device does."""
    if gpu.failure:
        return f"{gpu.trouble}; {gpu.remedy}"
    capability = "{}.{}".format(*gpu.compute_capability) if gpu.compute_capability else "unknown"
    memory = f"{gpu.memory_bytes / GIB:.1f} GiB" if gpu.memory_bytes else "memory unknown"
    instance = f", an instance of GPU {gpu.index.partition(':')[0]} in MIG mode" if gpu.mig_enabled else ""
    known = f"compute capability {capability}, {memory}, driver {gpu.driver or 'unknown'}"
    return f"{gpu.title}{instance}, {known}, {gpu.uuid or 'UUID unknown'}"


def _toolkit(found: Findings) -> str:
    """Return how the engine hands GPUs to containers."""
    known = {"its runtime": found.nvidia_runtime, "its hook": found.nvidia_hook, "CDI": found.nvidia_cdi}
    ways = [name for name, there in known.items() if there]
    if not ways:
        return f"the engine knows no way to a GPU: {INSTALL_TOOLKIT}"
    return f"NVIDIA Container Toolkit {found.nvidia_toolkit or 'of unknown version'}, by {' and '.join(ways)}"


def _matrix(found: Findings) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Environment", no_wrap=True)
    table.add_column("Image")
    table.add_column("CPU")
    computing = {i: gpu for i, gpu in enumerate(found.gpus) if gpu.failure is None}
    for i, gpu in computing.items():
        table.add_column(said(f"cuda:{i}, {gpu.title}"))
    for line in found.matrix:
        image = {True: "built", False: "not built", None: GAP}[line.image]
        on_gpus = [line.gpus.get(gpu.key, GAP) for gpu in computing.values()]
        say_row(table, [line.environment, image, line.cpu, *on_gpus])
    return table


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
