"""What data there is: everything that can be fetched, whether it is here, and whether it is still what it was."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness import documents
from harness.catalogue import Model, models
from harness.catalogue.entries import Fetchable, datasets
from harness.data import checkpoints
from harness.data.archives import FileRecord
from harness.data.fetching import Manifest
from harness.documents.files import sha256_of
from harness.errors import BadDocument, reason_of
from harness.paths import weights_folder
from harness.progress import OnBytes


@dataclass(frozen=True)
class Item:
    """Something that can be fetched.

    `disk_bytes` is None where it is not here; `download_bytes` of a checkpoint is exact to a KiB.
    """

    kind: Literal["dataset", "weights"]
    name: str
    path: str
    disk_bytes: int | None
    download_bytes: int
    sha256_known: Literal["full", "8 digits"]


@dataclass(frozen=True)
class Verified:
    """What came of hashing an item anew: how many files it has, what differs, and then what to do."""

    name: str
    files: int
    differences: list[str]
    remedy: str


def items() -> list[Item]:
    """Return everything that can be fetched, here or not."""
    return [_dataset_item(dataset) for dataset in datasets().values()] + [_weights_item(m) for m in models().values()]


def _dataset_item(dataset: Fetchable) -> Item:
    size = None
    if dataset.manifest.is_file():
        size = sum(files_in(dataset.folder).values())
    download = sum(archive.size_bytes for archive in dataset.archives)
    return Item("dataset", dataset.name, str(dataset.folder), size, download, "full")


def _weights_item(model: Model) -> Item:
    path = weights_folder() / model.checkpoint
    size = _size_of(path)
    known: Literal["full", "8 digits"] = "full" if checkpoints.recorded_sha256(model) else "8 digits"
    return Item("weights", model.builder, str(path), size, round(model.checkpoint_mib * 2**20), known)


def verify(on_bytes: OnBytes) -> Iterator[Verified]:
    """Hash everything that is here anew and yield what differs, item by item."""
    for dataset in datasets().values():
        if dataset.manifest.is_file():
            yield _verify_dataset(dataset, on_bytes)
    for model in models().values():
        path = weights_folder() / model.checkpoint
        size = _size_of(path)
        if size is not None:
            sha256 = checkpoints.recorded_sha256(model) or model.checkpoint_sha256_prefix
            again = f"delete {path} and run: harness data fetch weights --model {model.builder}"
            yield Verified(model.builder, 1, list(_differences(path.parent, path.name, None, sha256)), again)
            on_bytes(path.name, size, size)


def _verify_dataset(dataset: Fetchable, on_bytes: OnBytes) -> Verified:
    again = f"delete {dataset.folder} and run: harness data fetch {dataset.name}"
    try:
        files = documents.read(Manifest, dataset.manifest).files
    except BadDocument as error:
        return Verified(dataset.name, 0, [error.reason], again)
    return Verified(dataset.name, len(files), [*_changed(dataset, files, on_bytes), *_foreign(dataset, files)], again)


def _changed(dataset: Fetchable, files: list[FileRecord], on_bytes: OnBytes) -> Iterator[str]:
    total, done = sum(file.size_bytes for file in files), 0
    for file in files:
        yield from _differences(dataset.folder, file.name, file.size_bytes, file.sha256)
        done += file.size_bytes
        on_bytes(dataset.name, done, total)


def _foreign(dataset: Fetchable, files: Iterable[FileRecord]) -> list[str]:
    known = {dataset.manifest, *(dataset.folder / file.name for file in files)}
    strangers = sorted(files_in(dataset.folder).keys() - known)
    return [f"{path.relative_to(dataset.folder).as_posix()} does not belong there" for path in strangers]


def files_in(folder: Path) -> dict[Path, int]:
    """Return the size of each file in a folder and those below it, but for what somebody removes meanwhile."""
    every = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return {path: size for path in every if (size := _size_of(path)) is not None}


def _size_of(path: Path) -> int | None:
    """Return how many bytes a file has, None where there is no file."""
    try:
        seen = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return seen.st_size if stat.S_ISREG(seen.st_mode) else None


def _differences(folder: Path, name: str, size_bytes: int | None, sha256: str) -> Iterator[str]:
    try:
        size = (folder / name).stat().st_size
        if size_bytes not in (None, size):
            yield f"{name} has {size} bytes, not {size_bytes}"
        elif not (actual := sha256_of(folder / name)).startswith(sha256):
            yield f"{name} has SHA-256 {actual[:16]}…, not {sha256[:16]}…"
    except FileNotFoundError:
        yield f"{name} is missing"
    except OSError as error:
        yield f"{name} can't be read: {reason_of(error)}"
