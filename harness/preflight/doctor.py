"""What this host is and what it can run: the findings behind `harness doctor`."""

import os
import shutil
from dataclasses import dataclass, field

import psutil

from harness import paths
from harness.catalogue import Environment, environments, models
from harness.errors import CannotRunHere, StorageError
from harness.host import locks, machine, toolkit
from harness.host.gpus import HostGpu
from harness.images import recipes
from harness.paths import ROOT
from harness.preflight import compatibility, disturbances
from harness.preflight.checks import Preflight, Target
from runner.contract import cgroups


@dataclass(frozen=True)
class Line:
    """A row of the matrix: an environment, whether its image is here, and how it runs on each device."""

    environment: str
    image: bool | None
    cpu: str
    gpus: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """Everything that doctor found; unknown is None.

    `measuring` says who holds a CPU or a GPU to measure on, by its name, and `locks_reason` why nobody could.
    """

    engine: str | None
    engine_reason: str | None
    rootless: bool | None
    nvidia_runtime: bool | None
    nvidia_hook: bool | None
    nvidia_cdi: bool | None
    nvidia_toolkit: str | None
    gpus: list[HostGpu]
    gpus_reason: str | None
    cores: int
    cpu_limit: float | None
    governor: str | None
    turbo: bool | None
    load_1min: float
    memory_bytes: int
    memory_available_bytes: int
    memory_limit_bytes: int | None
    disk_free_bytes: int
    checkpoints: int
    measuring: dict[str, str]
    locks_reason: str | None
    matrix: list[Line]


def examine(preflight: Preflight) -> Findings:
    """Look at the host. Nothing is started, built or fetched."""
    try:
        engine, reason = preflight.engine, None
    except CannotRunHere as error:
        engine, reason = None, str(error)
    memory = psutil.virtual_memory()
    measuring, locks_reason = _measuring(preflight)
    return Findings(
        engine=engine.version if engine else None,
        engine_reason=reason,
        rootless=engine.traits.rootless if engine else None,
        nvidia_runtime=engine.traits.nvidia_runtime if engine else None,
        nvidia_hook=engine.traits.nvidia_hook if engine else None,
        nvidia_cdi=engine.traits.nvidia_cdi if engine else None,
        nvidia_toolkit=toolkit.version(),
        gpus=preflight.gpus.devices,
        gpus_reason=f"{preflight.gpus.reason}; {preflight.gpus.remedy}." if preflight.gpus.reason else None,
        cores=len(os.sched_getaffinity(0)),
        cpu_limit=_cpu_limit(),
        governor=disturbances.governor(),
        turbo=disturbances.turbo(),
        load_1min=os.getloadavg()[0],
        memory_bytes=memory.total,
        memory_available_bytes=memory.available,
        memory_limit_bytes=_memory_limit(),
        disk_free_bytes=shutil.disk_usage(ROOT).free,
        checkpoints=sum((paths.weights_folder() / model.checkpoint).is_file() for model in models().values()),
        measuring=measuring,
        locks_reason=locks_reason,
        matrix=matrix(preflight),
    )


def _measuring(preflight: Preflight) -> tuple[dict[str, str], str | None]:
    devices = [f"CPU {number}" for number in machine.every_cpu()]
    try:
        return locks.holders([*devices, *dict.fromkeys(map(locks.name_of, preflight.gpus.found))]), None
    except StorageError as error:
        return {}, str(error)


def matrix(preflight: Preflight) -> list[Line]:
    """Judge every environment on every device of this host."""
    return [_line(preflight, environment) for environment in environments().values()]


def _line(preflight: Preflight, environment: Environment) -> Line:
    verdicts = {}
    for gpu in preflight.gpus.found if "cuda" in environment.devices else []:
        fit = "runs" if environment.base is None else compatibility.verdict(environment, gpu).reason
        verdicts[gpu.key] = _verdict(preflight, environment, Target("cuda", gpu), fit)
    on_cpu = Target("cpu")
    known = environment.base is not None and preflight.obstacle(environment, on_cpu) is None
    image = bool(recipes.find(preflight.engine, environment)) if known else None
    return Line(environment.name, image, _verdict(preflight, environment, on_cpu, "runs"), verdicts)


def _verdict(preflight: Preflight, environment: Environment, target: Target, fit: str) -> str:
    """Return how it runs on the target, where nothing keeps it from that: neither this host nor what it lacks."""
    obstacle = preflight.obstacle(environment, target) or preflight.unobtainable(environment)
    if obstacle:
        return f"can't run: {obstacle.reason}"
    built = environment.base is None or recipes.find(preflight.engine, environment) is not None
    return fit if built else f"{fit} once built"


def _cpu_limit() -> float | None:
    """Return how many CPUs the tightest quota on this process amounts to, None where there is none to be read."""
    try:
        return next((quota.cpus for quota in cgroups.quotas()), None)
    except cgroups.Unknown:
        return None


def _memory_limit() -> int | None:
    """Return the tightest limit of this process's control groups, None where there is none to be read."""
    try:
        return cgroups.memory_limit()
    except cgroups.Unknown:
        return None
