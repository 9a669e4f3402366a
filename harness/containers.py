"""What the Docker engine is asked for and what it answers, as plain values."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Image:
    """An image that the engine holds."""

    id: str
    tags: list[str]
    digests: list[str]
    labels: dict[str, str]
    size_bytes: int


@dataclass(frozen=True)
class ContainerSpec:
    """A hardened container: no network, read-only root, no capabilities, the caller's uid, bounded memory.

    `entrypoint` replaces the image's own.
    """

    image: str
    command: list[str]
    read_only: dict[Path, str]
    writable: dict[Path, str]
    labels: dict[str, str]
    memory_bytes: int | None = None
    cpus: str | None = None
    gpu: str | None = None
    pids: int = 4096
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] | None = None


@dataclass(frozen=True)
class Traits:
    """What distinguishes engines: how they map users, label files, limit memory, and hand out GPUs.

    NVIDIA's toolkit is there as a runtime, as a hook beside the engine, or by CDI: `cdi_devices` are those of the
    Container Device Interface that the engine lists (from Docker 28 on).
    """

    rootless: bool
    selinux: bool
    nvidia_runtime: bool
    nvidia_hook: bool
    cdi_devices: list[str]
    limits_memory: bool = True

    @property
    def nvidia_cdi(self) -> bool:
        """Whether a GPU can be named by CDI."""
        return any(name.startswith(CDI_GPU) for name in self.cdi_devices)

    @property
    def hands_out_gpus(self) -> bool:
        """Whether a container can be given a GPU at all."""
        return self.nvidia_runtime or self.nvidia_hook or self.nvidia_cdi


#: What the NVIDIA Container Toolkit calls GPUs, by index or UUID.
CDI_GPU = "nvidia.com/gpu="


def arguments(spec: ContainerSpec, traits: Traits) -> dict[str, Any]:
    """Return what docker-py creates the container from."""
    suffix = ",z" if traits.selinux else ""
    # A list, since one folder may be mounted twice, which a dict by host path can't say.
    binds = [f"{path}:{at}:ro{suffix}" for path, at in spec.read_only.items()]
    binds += [f"{path}:{at}:rw{suffix}" for path, at in spec.writable.items()]
    # On a rootless engine uid 0 inside is the caller outside; any other uid would own nothing.
    uid, gid = (0, 0) if traits.rootless else (os.getuid(), os.getgid())
    return {
        "image": spec.image,
        "command": spec.command,
        "entrypoint": spec.entrypoint,
        "volumes": binds,
        "labels": spec.labels,
        "environment": {"HOME": "/tmp", "USER": "harness", **spec.environment},  # noqa: S108 -- a tmpfs inside
        "user": f"{uid}:{gid}",
        "network_mode": "none",
        "read_only": True,
        "tmpfs": {"/tmp": "rw,nosuid,nodev"},  # noqa: S108
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": spec.pids,
        "mem_limit": spec.memory_bytes,
        "memswap_limit": spec.memory_bytes,
        "cpuset_cpus": spec.cpus,
        "device_requests": [_gpu_request(spec.gpu, traits)] if spec.gpu else [],
    }


def _gpu_request(uuid: str, traits: Traits) -> dict[str, Any]:
    """Ask for a GPU by CDI where the engine lists it so, else by the toolkit's runtime or hook."""
    if f"{CDI_GPU}{uuid}" in traits.cdi_devices:
        return {"driver": "cdi", "device_ids": [f"{CDI_GPU}{uuid}"]}
    return {"device_ids": [uuid], "capabilities": [["gpu", "compute", "utility"]]}


@dataclass(frozen=True)
class ContainerReport:
    """How a container ended."""

    id: str
    exit_code: int
    timed_out: bool
    out_of_memory: bool
