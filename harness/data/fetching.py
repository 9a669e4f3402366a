"""The data that cells need, datasets and checkpoints, fetched and put in their place.

A dataset appears in one step, whole and with a manifest, or not at all.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.catalogue import pick
from harness.catalogue.entries import Fetchable, datasets
from harness.data.archives import FileRecord, extract
from harness.data.download import Wanted, check, fetch, sources
from harness.documents.files import storing
from harness.errors import ANOTHER_DATA, CannotRunHere
from harness.paths import data_folder
from harness.progress import OnBytes
from runner.contract import SCHEMA_VERSION, Document
from runner.contract.serialise import write_json

ELSEWHERE = "name a mirror or a local copy with --from"


@dataclass(frozen=True)
class Manifest(Document):
    """What a dataset's folder holds, and the SHA-256 of the archives that it came from, by name."""

    schema_version: int
    dataset: str
    archives: dict[str, str]
    files: list[FileRecord]


def folder_of(name: str) -> Path:
    """Return the folder of a dataset. Raises BadInput where it is not known, CannotRunHere where it is not here."""
    dataset = pick("dataset", name, datasets())
    if not dataset.manifest.is_file():
        raise CannotRunHere(f"the dataset {name} is not here", f"fetch it with: harness data fetch {name}")
    return dataset.folder


def fetch_dataset(dataset: Fetchable, origin: str | None, on_bytes: OnBytes) -> Path:
    """Return the dataset's folder; if it is not here, fetch and unpack its archives, and delete them.

    `origin` is a mirror's URL, a folder with the archives, or where one archive is missing, that file. Of several
    processes one fetches, the others wait and find the dataset. Raises BadInput where `origin` is of no use,
    CannotRunHere where an archive can't be had, is not the promised one or is unsafe, StorageError on a full disk.
    """
    with storing(dataset.folder, elsewhere=ANOTHER_DATA):
        data_folder().mkdir(parents=True, exist_ok=True)
        with FileLock(data_folder() / f"{dataset.name}.lock"):
            if not dataset.manifest.is_file():
                if dataset.folder.exists():
                    raise CannotRunHere(f"{dataset.folder} is in the way: it has no manifest.json", "move it elsewhere")
                _fetch_archives(dataset, origin, on_bytes)
                _unpack(dataset, on_bytes)
            for archive in dataset.archives:
                archive.path.unlink(missing_ok=True)
    return dataset.folder


def _fetch_archives(dataset: Fetchable, origin: str | None, on_bytes: OnBytes) -> None:
    missing = {archive.name: archive.url for archive in dataset.archives if not archive.path.is_file()}
    places = sources(missing, origin)
    for archive in dataset.archives:
        source = places.get(archive.name, archive.path)
        wanted = Wanted(source, archive.sha256, "harness/catalogue/datasets.toml", ELSEWHERE, archive.size_bytes)
        if archive.name in missing:
            fetch(wanted, archive.path, on_bytes)
        else:  # left by a fetch that was killed while it unpacked
            check(wanted, archive.path)


def _unpack(dataset: Fetchable, on_bytes: OnBytes) -> None:
    part = dataset.folder.with_name(f"{dataset.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
    part.mkdir()
    try:
        files = [
            file for archive in dataset.archives for file in extract(archive.path, archive.members, part, on_bytes)
        ]
        archives = {archive.name: archive.sha256 for archive in dataset.archives}
        write_json(part / "manifest.json", Manifest(SCHEMA_VERSION, dataset.name, archives, files))
        part.rename(dataset.folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
