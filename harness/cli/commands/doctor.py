"""harness doctor: what runs on this host, and if not, why."""

import dataclasses
import json

from rich.console import Console

from harness.catalogue import models
from harness.cli.console import print_table, say
from harness.host import machine, toolkit
from harness.host.gpus import HostGpu
from harness.preflight.checks import Preflight
from harness.preflight.doctor import Findings, examine
from harness.preflight.noise import cited
from harness.report.table import Column, Table
from harness.text import GAP, count

GIB = 1 << 30


def print_findings(as_json: bool) -> None:
    """Examine the host and print what was found."""
    with Preflight() as preflight:
        findings = examine(preflight)
    if as_json:
        print(json.dumps(dataclasses.asdict(findings), indent=1))
        return
    console = Console()
    known = cited(machine.host_id())
    for line in [*_host(findings), *([f"noise     {known}"] if known else [])]:
        say(console, line)
    print_table(console, _matrix(findings))


def _host(findings: Findings) -> list[str]:
    rootless = ", rootless" if findings.rootless else ""
    engine = f"Docker engine {findings.engine}{rootless}" if findings.engine else str(findings.engine_reason)
    gpus = [f"cuda:{i}, {_gpu(gpu)}" for i, gpu in enumerate(findings.gpus)]
    computing = any(gpu.failure is None for gpu in findings.gpus)
    turbo = {True: "on", False: "off", None: "unknown"}[findings.turbo]
    quota = ""
    if findings.cpu_limit:
        quota = f", limited to {findings.cpu_limit:g} CPUs by a quota, which throttles in bursts"
    limit = f", limited to {_gb(findings.memory_limit_bytes)}" if findings.memory_limit_bytes else ""
    return [
        f"engine    {engine}",
        *(f"GPU       {gpu}" for gpu in gpus or [str(findings.gpus_reason)]),
        *([f"toolkit   {_toolkit(findings)}"] if computing and findings.engine else []),
        f"CPU       {count(findings.cores, 'core')}{quota}, governor {findings.governor or 'unknown'}, turbo {turbo}, "
        f"load {findings.load_1min:.1f}",
        f"memory    {_gb(findings.memory_available_bytes)} of {_gb(findings.memory_bytes)} available{limit}",
        f"disk      {_gb(findings.disk_free_bytes)} free",
        f"weights   {findings.checkpoints} of {len(models())} checkpoints are here",
        *(f"latency   {text}" for text in _measuring(findings)),
    ]


def _measuring(findings: Findings) -> list[str]:
    """Return why no latency can be measured, or who measures one now; nothing where nobody does."""
    if findings.locks_reason:
        return [f"can't be measured: {findings.locks_reason}"]
    held: dict[str, list[str]] = {}
    for device, holder in findings.measuring.items():
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


def _toolkit(findings: Findings) -> str:
    """Return how the engine hands GPUs to containers."""
    known = {"its runtime": findings.nvidia_runtime, "its hook": findings.nvidia_hook, "CDI": findings.nvidia_cdi}
    ways = [name for name, there in known.items() if there]
    if not ways:
        return f"the engine knows no way to a GPU: {toolkit.INSTALL}"
    return f"NVIDIA Container Toolkit {findings.nvidia_toolkit or 'of unknown version'}, by {' and '.join(ways)}"


def _matrix(findings: Findings) -> Table:
    lines = findings.matrix
    images = {True: "built", False: "not built", None: GAP}
    columns = [
        Column("Image", [images[line.image] for line in lines], "names"),
        Column("CPU", [line.cpu for line in lines], "words"),
    ]
    columns += [
        Column(f"cuda:{i}, {gpu.title}", [line.gpus.get(gpu.key, GAP) for line in lines], "words")
        for i, gpu in enumerate(findings.gpus)
        if gpu.failure is None
    ]
    return Table("", Column("Environment", [line.environment for line in lines]), [[column] for column in columns])


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
