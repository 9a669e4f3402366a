"""What the Docker engine is asked for and what it answers, as plain values."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.documents.log import Log
from harness.errors import CannotRunHere
from harness.host.gpus import HostGpu
from harness.progress import OnLine


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

    `read_only` and `writable` are what is mounted, by its place in the container. `entrypoint` replaces the image's
    own.
    """

    image: str
    command: list[str]
    read_only: dict[str, Path]
    writable: dict[str, Path]
    labels: dict[str, str]
    memory_bytes: int | None = None
    cpus: str | None = None
    gpu: HostGpu | None = None
    pids: int = 4096
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] | None = None


@dataclass(frozen=True)
class Traits:
    """What distinguishes engines: how they map users, label files, limit memory, and hand out GPUs.

    NVIDIA's toolkit is there as a runtime, as a hook beside the engine, or by CDI: `cdi_devices` are those of the
    Container Device Interface that the engine lists (from Docker 28.2 on, API 1.50).
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


def traits_of(info: Mapping[str, Any]) -> Traits:
    """Return the traits of an engine on this host from what it says of itself (docker info)."""
    security = " ".join(info.get("SecurityOptions") or [])
    return Traits(
        rootless="name=rootless" in security,
        selinux="name=selinux" in security,
        nvidia_runtime="nvidia" in (info.get("Runtimes") or {}),
        nvidia_hook=shutil.which("nvidia-container-runtime-hook") is not None,
        cdi_devices=[device["ID"] for device in info.get("DiscoveredDevices") or []],
        limits_memory=bool(info.get("MemoryLimit", True)),
    )


#: Every container and image of the harness carries labels under this prefix; nothing else is ever removed.
LABEL = "detection-harness"
#: Where a cell's container finds the job, what it may write, the pictures, the weights and a person's own code.
JOB, OUT, IMAGES, WEIGHTS, CODE = "/cell/job", "/cell/out", "/cell/images", "/cell/weights", "/cell/code"
#: What the NVIDIA Container Toolkit calls GPUs, by index or UUID.
CDI_GPU = "nvidia.com/gpu="


def arguments(spec: ContainerSpec, traits: Traits) -> dict[str, Any]:
    """Return what docker-py creates the container from."""
    # On a rootless engine uid 0 inside is the caller outside; any other uid would own nothing.
    uid, gid = (0, 0) if traits.rootless else (os.getuid(), os.getgid())
    return {
        "image": spec.image,
        "command": spec.command,
        "entrypoint": spec.entrypoint,
        **_shared(spec, traits),
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


def _shared(spec: ContainerSpec, traits: Traits) -> dict[str, Any]:
    """Return the mounts, each field by itself. Raises CannotRunHere where SELinux asks for a text that can't say them.

    Only that text, PATH:AT:OPTIONS, can ask for a new label of the folder.
    """
    folders = [(path, at, "ro") for at, path in spec.read_only.items()]
    folders += [(path, at, "rw") for at, path in spec.writable.items()]
    if not traits.selinux:
        return {
            "mounts": [
                {"Type": "bind", "Source": str(path), "Target": at, "ReadOnly": mode == "ro"}
                for path, at, mode in folders
            ]
        }
    for path, _, _ in folders:
        if ":" in str(path):
            reason = f"{path} has a colon in its name, and can't be mounted into a container under SELinux"
            raise CannotRunHere(reason, "rename it, or measure without an engine: --image local")
    # A list, since one folder may be mounted twice, which a dict by host path can't say.
    return {"volumes": [f"{path}:{at}:{mode},z" for path, at, mode in folders]}


def follow(output: Iterator[tuple[bytes | None, bytes | None]], log: Path, on_line: OnLine) -> None:
    """Write both streams of a container to its log as they come, and hand each line of standard output on."""
    pending = b""
    with Log(log) as stream:
        for out, err in output:
            stream.write(out or b"")
            stream.write(err or b"")
            *lines, pending = (pending + (out or b"")).split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace"))


def _gpu_request(gpu: HostGpu, traits: Traits) -> dict[str, Any]:
    """Ask for a GPU or an instance by CDI where the engine lists it so, else by the toolkit's runtime or hook.

    A UUID, of an instance MIG-..., is understood by both. By CDI alone, a specification may know numbers only.
    """
    by_number = [] if traits.nvidia_runtime or traits.nvidia_hook else _numbers(gpu)
    for name in (f"{CDI_GPU}{text}" for text in (gpu.key, *by_number)):
        if name in traits.cdi_devices:
            return {"driver": "cdi", "device_ids": [name]}
    return {"device_ids": [gpu.key], "capabilities": [["gpu", "compute", "utility"]]}


def _numbers(gpu: HostGpu) -> list[str]:
    """Return what nvidia-ctk calls it by the strategies index and type-index: 0 and gpu0, or 0:1 and mig0:1."""
    return [gpu.index, f"{'mig' if ':' in gpu.index else 'gpu'}{gpu.index}"]


@dataclass(frozen=True)
class ContainerReport:
    """How a container ended."""

    id: str
    exit_code: int
    timed_out: bool
    out_of_memory: bool
