"""What an earlier merge kept of a run, taken again where the run and the harness are the same to the last byte.

A run is known by the bytes of its plan, what it is called, and the harness that reads it: its source, its data and the
libraries that compute. What was kept holds only for the documents that were read then, by their hash.
"""

import hashlib
import platform
import secrets
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import TypeAdapter

from harness.analysis.parts import Measurement, Part
from harness.analysis.reading import read
from harness.analysis.tidy import EMPTY, Tidy
from harness.analysis.timed import Timed, TimedFigures
from harness.documents.contents import Contents
from harness.documents.files import content_of
from harness.documents.run_folder import Cell, RunFolder
from harness.documents.shelf import Shelf
from harness.paths import PACKAGE
from runner import contract

#: In bytes of its plan, of some two hundred cells: a smaller run is read anew as fast.
WORTH_KEEPING = 1 << 19
#: What computes figures and tables, or reads and keeps them.
LIBRARIES = ("numpy", "scipy", "pyarrow", "pydantic", "pydantic-core")


@dataclass(frozen=True)
class Kept:
    """What is kept of a run beside its rows.

    `documents` is the hash of every document that was read. `kinds` are what was timed, without figures; each of
    `timed` is a kind's number and its figures.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"ser_json_inf_nan": "constants"}
    documents: str
    planned: list[str]
    detected: list[str]
    measurements: list[Measurement]
    kinds: list[Timed]
    timed: list[tuple[int, TimedFigures | None]]


def part_of(folder: RunFolder) -> Part:
    """Return what stays of a run: what was kept of it, else what is read anew, and kept from now on.

    Raises BadDocument where a document of it is unusable.
    """
    plan = content_of(folder.path / "plan.json") or b""
    if len(plan) < WORTH_KEEPING:
        return read(folder)[0]
    shelf, key = Shelf.of_user("merged"), _key(folder, plan)
    content = shelf.get(key)
    part = _unpacked(folder, content) if content else None
    if part is None:
        part, documents = read(folder)
        shelf.put(key, _packed(part, documents))
    return part


def _key(folder: RunFolder, plan: bytes) -> str:
    parts = (_harness(), folder.label, hashlib.sha256(plan).hexdigest())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _harness() -> str:
    """Return what this harness is: the hash of its source and data, and the libraries that it computes with."""
    digest = hashlib.sha256(repr((platform.python_version(), *map(_version, LIBRARIES))).encode())
    for package in (PACKAGE, *map(Path, contract.__path__)):
        for path in sorted(path for path in package.rglob("*") if path.suffix in (".py", ".toml")):
            digest.update(f"{path.relative_to(package)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return secrets.token_hex()  # what is not known is never the same


def _packed(part: Part, documents: str) -> bytes:
    numbers: dict[Timed, int] = {}
    timed = []
    for entry in part.timed:
        timed.append((numbers.setdefault(entry.kind, len(numbers)), entry.times))
    detected = [cell.job.cell for cell in part.detected]
    kept = Kept(documents, part.planned, detected, part.measurements, list(numbers), timed)
    sink = pa.BufferOutputStream()
    head = _adapter().dump_json(kept)
    sink.write(len(head).to_bytes(8) + head)
    options = pa.ipc.IpcWriteOptions(compression="zstd", unify_dictionaries=True)
    for table in part.rows:
        with pa.ipc.new_stream(sink, table.schema, options=options) as stream:
            stream.write_table(table.combine_chunks())
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(folder: RunFolder, content: bytes) -> Part | None:
    """Return what was kept, None where the documents are others by now."""
    size = 8 + int.from_bytes(content[:8])
    try:
        kept = _adapter().validate_json(content[8:size])
        source = pa.BufferReader(pa.py_buffer(content).slice(size))
        rows = Tidy(*(pa.ipc.open_stream(source).read_all() for _ in Tidy._fields))
    except (ValueError, OSError):  # of Arrow, too: kept by a harness that had a fault
        return None
    detected = _unchanged(folder, kept)
    if detected is None or [table.schema for table in rows] != [table.schema for table in EMPTY]:
        return None
    timed = [replace(kept.kinds[number], times=times) for number, times in kept.timed]
    return Part(kept.planned, rows, kept.measurements, timed, detected)


def _unchanged(folder: RunFolder, kept: Kept) -> list[Cell] | None:
    """Return the detection passes of the run, read anew, None where a document of the run has changed."""
    documents, wanted = hashlib.sha256(), set(kept.detected)
    passes: dict[str, Contents] = {}
    for name in kept.planned:
        contents = folder.contents(name)
        documents.update(contents.sha256)
        if name in wanted:
            passes[name] = contents
    if documents.hexdigest() != kept.documents:
        return None
    return [cell for name, contents in passes.items() if (cell := folder.cell_of(name, contents))]


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Kept)
