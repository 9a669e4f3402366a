"""What the Docker engine is asked for and what it answers, as plain values."""

from dataclasses import dataclass, field
from pathlib import Path


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
class ContainerReport:
    """How a container ended."""

    id: str
    exit_code: int
    timed_out: bool
    out_of_memory: bool
