"""Unpacks ZIP archives that nobody has to trust: what could write outside its folder is refused before anything is."""

import hashlib
import shutil
import stat
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PureWindowsPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from harness.data.download import BLOCK_BYTES
from harness.errors import ANOTHER_DATA, MAKE_ROOM, CannotRunHere, StorageError
from harness.progress import OnBytes
from runner.contract import Document

FETCH_ANOTHER = "fetch it from another source"
#: What an archive of data holds; 0 is what a tool writes that knows no file types.
ORDINARY = {0, stat.S_IFREG, stat.S_IFDIR}


@dataclass(frozen=True)
class FileRecord(Document):
    """An unpacked file: its name below the folder, with slashes, its size and its SHA-256."""

    name: str
    size_bytes: int
    sha256: str


def extract(archive: Path, patterns: list[str], folder: Path, on_bytes: OnBytes) -> list[FileRecord]:
    """Unpack the members whose names match a pattern into the folder, and return them in the archive's order.

    Raises CannotRunHere where the archive is unsafe or broken or nothing matches a pattern, StorageError where the
    folder has no room for it.
    """
    try:
        with ZipFile(archive) as opened:
            _refuse_unsafe(archive.name, opened.infolist())
            wanted = _matching(archive.name, opened.infolist(), patterns)
            total = sum(info.file_size for info in wanted)
            _refuse_too_large(archive.name, total, folder)
            done = 0

            def on_block(size: int) -> None:
                nonlocal done
                done += size
                on_bytes(f"unpacking {archive.name}", done, total)

            return [_unpack(opened, info, folder / info.filename, on_block) for info in wanted]
    except (BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise CannotRunHere(f"{archive.name} can't be unpacked: {error}", FETCH_ANOTHER) from error


def _refuse_unsafe(archive: str, members: list[ZipInfo]) -> None:
    paths = Counter(PureWindowsPath(info.filename) for info in members)
    for info in members:
        path = PureWindowsPath(info.filename)  # knows drives, takes both slashes, and ignores case as some disks do
        if path.drive or path.root or ".." in path.parts:
            problem = "would be written outside its folder"
        elif stat.S_IFMT(info.external_attr >> 16) not in ORDINARY:
            problem = "is a link or a device"
        elif paths[path] > 1:
            problem = "is there twice"
        elif info.flag_bits & 1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            problem = "is encrypted, or packed in an unusual way"
        else:
            continue
        raise CannotRunHere(f"{archive} is refused: its member {info.filename!r} {problem}", FETCH_ANOTHER)


def _matching(archive: str, members: list[ZipInfo], patterns: list[str]) -> list[ZipInfo]:
    files = [info for info in members if not info.is_dir()]
    for pattern in patterns:
        if not any(fnmatchcase(info.filename, pattern) for info in files):
            raise CannotRunHere(f"{archive} holds no {pattern}", FETCH_ANOTHER)
    return [info for info in files if any(fnmatchcase(info.filename, pattern) for pattern in patterns)]


def _refuse_too_large(archive: str, total_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if total_bytes > free_bytes:
        raise StorageError(
            f"{archive} unpacks to {total_bytes / 1e9:.2f} GB, and {folder} has room for {free_bytes / 1e9:.2f} GB",
            f"{MAKE_ROOM}, or {ANOTHER_DATA}",
        )


def _unpack(opened: ZipFile, info: ZipInfo, path: Path, on_block: Callable[[int], None]) -> FileRecord:
    """Write one member.

    zipfile yields no more than the size that the member's header declares, and its checksum fails where there is more.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with opened.open(info) as member, path.open("xb") as stream:
        while block := member.read(BLOCK_BYTES):
            size += stream.write(block)
            digest.update(block)
            on_block(len(block))
    if size != info.file_size:
        raise BadZipFile(f"{info.filename} has {size} bytes, not {info.file_size}")
    return FileRecord(info.filename, size, digest.hexdigest())
