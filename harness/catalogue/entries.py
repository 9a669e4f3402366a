"""The data files of the harness, read once and checked: models, protocols, environments."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.documents.scores import Iou
from harness.errors import BadDocument, BadInput, unknown
from harness.paths import ROOT, data_folder
from runner.contract import Device, Document, ModelSpec, Protocol, Task, Thresholds, Weights

#: The data files that ship with this package.
HERE = Path(__file__).parent

#: The sides of the noise that torchvision counts operations for, in pixels, before the model resizes it (get_ops in its
#: test/common_extended_utils.py).
FLOPS_OF = 512

T = TypeVar("T")


@dataclass(frozen=True)
class Detector(Document):
    """What can be measured: its builder, what a person reads, what it makes, and the thresholds that are set on it."""

    builder: str
    display: str
    tasks: list[Task]
    thresholds: Thresholds | None

    def spec(self, weights: Weights) -> ModelSpec:
        """Return what the runner is told."""
        return ModelSpec(self.builder, weights, self.thresholds)

    @property
    def published_flops(self) -> float | None:
        """The floating-point operations of a call that are published of it; None where there are none."""
        return None

    def ap(self, iou: Iou) -> float | None:
        """Return the AP that is published of it, in percent; None where there is none."""
        return None


@dataclass(frozen=True)
class Model(Detector):
    """A catalogued model: torchvision's builder, its COCO checkpoint and what torchvision publishes of it.

    `gflops` is its own figure: billions of multiply-adds for noise of FLOPS_OF pixels a side. `torchvision` is the
    first release that has the builder, None where every supported one does.
    """

    checkpoint: str
    checkpoint_mib: float
    parameters: int
    gflops: float
    box_ap: float
    mask_ap: float | None = None
    keypoint_ap: float | None = None
    published_2021: bool = False
    torchvision: str | None = None

    @property
    def published_flops(self) -> float:
        """The floating-point operations that torchvision's figure amounts to: a multiply-add is two."""
        return 2e9 * self.gflops

    def ap(self, iou: Iou) -> float | None:
        """Return the AP that torchvision publishes of its checkpoint, in percent; None where the model has no such."""
        published: dict[Iou, float | None] = {"bbox": self.box_ap, "segm": self.mask_ap, "keypoints": self.keypoint_ap}
        return published[iou]

    @property
    def checkpoint_sha256_prefix(self) -> str:
        """The first eight hex digits of the checkpoint's SHA-256, which its file name promises."""
        return self.checkpoint.removesuffix(".pth").rpartition("-")[2]


@dataclass(frozen=True)
class SourceBuild(Document):
    """What compiling an environment costs: time on one core, free disk while it runs, and what is downloaded."""

    core_hours: float
    disk_gb: float
    download_gb: float


@dataclass(frozen=True)
class Environment(Document):
    """A pinned software stack (a folder docker/NAME), or `local`, which has no base and no pins.

    `tag` names one of several images of it, such as one that was built with another BLAS; without it, the one with
    the fewest substitutions is meant.

    `expected` are the versions that the runner has to observe, `architectures` and `ptx` what torch is compiled for
    (sm_70, compute_90), the drivers the oldest that CUDA asks for and the oldest of minor-version compatibility.
    """

    name: str
    title: str
    devices: list[Device]
    base: str | None = None
    standin: str | None = None
    wheel_index: str | None = None
    hashed: bool = True
    image_gb: float | None = None
    source_build: SourceBuild | None = None
    expected: dict[str, str] = field(default_factory=dict)
    architectures: list[str] = field(default_factory=list)
    ptx: list[str] = field(default_factory=list)
    minimum_driver: str | None = None
    minor_version_driver: str | None = None
    reproduces: list[str] = field(default_factory=list)
    declared_deviations: list[str] = field(default_factory=list)
    certainty: dict[str, str] = field(default_factory=dict)
    tag: str | None = None

    @property
    def label(self) -> str:
        """What the command line and a job call it: NAME, or NAME:TAG."""
        return f"{self.name}:{self.tag}" if self.tag else self.name

    @property
    def pins(self) -> dict[str, str]:
        """Everything that the runner has to observe: the expected versions and what torch is compiled for."""
        compiled = " ".join(self.architectures + self.ptx)
        return self.expected | ({"compiled_architectures": compiled} if compiled else {})

    @property
    def room_gb(self) -> float:
        """The free disk that building the image takes."""
        return self.source_build.disk_gb if self.source_build else self.image_gb or 0.0

    @property
    def folder(self) -> Path:
        """The folder of the recipe."""
        return ROOT / "docker" / self.name


@dataclass(frozen=True)
class Archive:
    """An archive of a dataset: its official URL, size and SHA-256, and patterns of the members that are wanted."""

    url: str
    size_bytes: int
    sha256: str
    certainty: str
    members: list[str]

    @property
    def name(self) -> str:
        """The file's name, the same on a mirror."""
        return self.url.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """Where the archive lies until it is unpacked."""
        return data_folder() / self.name


@dataclass(frozen=True)
class Fetchable:
    """A dataset and the archives that hold it."""

    name: str
    title: str
    archives: list[Archive]

    @property
    def folder(self) -> Path:
        """Where the dataset lies, whole, once it is here."""
        return data_folder() / self.name

    @property
    def manifest(self) -> Path:
        """The list of its files, without which the dataset is not here."""
        return self.folder / "manifest.json"


@cache
def models() -> dict[str, Model]:
    """Return the catalogue of models by builder, in the order of the published tables."""
    return _read(HERE / "models.toml", Model, "builder")


@cache
def protocols() -> dict[str, Protocol]:
    """Return the protocols by name."""
    return _read(HERE / "protocols.toml", Protocol, "name")


@cache
def environments() -> dict[str, Environment]:
    """Return the environments by name."""
    return _read(ROOT / "docker" / "environments.toml", Environment, "name")


@cache
def datasets() -> dict[str, Fetchable]:
    """Return the datasets by name."""
    return _read(HERE / "datasets.toml", Fetchable, "name")


def docker_environments() -> list[Environment]:
    """Return the environments that are images."""
    return [environment for environment in environments().values() if environment.base]


def environment(label: str) -> Environment:
    """Return the environment that NAME or NAME:TAG means. Raises BadInput with the nearest known names."""
    name, _, tag = label.partition(":")
    entry = pick("environment", name, environments())
    if tag and entry.base is None:
        raise BadInput(f"{name} is no Docker environment, so it has no image {tag!r}", f"write {name}")
    return replace(entry, tag=tag or None)


def pick(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Return `known[name]`. Raises BadInput with the nearest known names."""
    if name not in known:
        raise unknown(kind, name, known)
    return known[name]


def _read(path: Path, kind: type[T], key: str) -> dict[str, T]:
    try:
        tables: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
        adapter = TypeAdapter(kind)
        return {name: adapter.validate_python({key: name, **table}) for name, table in tables.items()}
    except FileNotFoundError:
        raise BadDocument(f"{path} is missing", "run the harness from a clone of its repository") from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadDocument(f"{path} is not usable: {error}", "restore it from the repository") from error
