"""Reading and writing the JSON documents of a run, and the ones that only the host writes."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from harness.documents.measured import flaw
from harness.documents.migrations import upgraded
from harness.documents.plan import Plan, PlannedCell
from harness.documents.sharing import Shared
from harness.errors import ANOTHER_OUT, BadDocument, reason_of, refused, remedy_of
from harness.paths import ROOT
from runner.contract import SCHEMA_VERSION, Document, Job, Result
from runner.contract.serialise import private_dict, to_dict, write_json

D = TypeVar("D", bound=Document)
#: How a document that can't be used is had again, where that is no matter of its cell alone.
AGAIN = {
    "Plan": "make a new run",
    "CellScores": "delete it and score again (harness score)",
    "Agreement": "delete it and compare again (harness agree)",
    "Manifest": "fetch the data again (harness data fetch)",
    "GalleryRun": "delete its folder, and add the run again (harness report --gallery)",
    "Software": "verify again (harness images verify)",
    "PublishedColumn": "restore it from the repository",
    "Accuracy": "restore it from the repository",
}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def schema(kind: type[Document]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_adapter(cast("Any", kind)).json_schema()}


def read(kind: type[D], path: Path, shared: Shared | None = None) -> D:
    """Read and validate a document, one of an earlier version as the present one has it.

    `shared` are the parts of the run's documents that were read before. Raises BadDocument, which names the file and
    the first thing wrong with it.
    """
    content = content_of(path)
    if content is None:
        raise BadDocument(f"{path} does not exist", "name a folder that harness run has made")
    return parsed(kind, path, content, shared)


def content_of(path: Path | str) -> bytes | None:
    """Return what a file holds, None where there is none. Raises BadDocument where it can't be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- of a text: a Path of each of thousands takes longer
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadDocument(f"{path} can't be read: {reason_of(error)}", remedy_of(error)) from error


def parsed(kind: type[D], path: Path | str, content: bytes, shared: Shared | None = None) -> D:
    """Return the document that the content of a file is, `shared` as in read. Raises BadDocument as read does."""
    try:
        data = _from_json(content)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise BadDocument(
                f"{path} has schema version {version}, this harness reads up to {SCHEMA_VERSION}",
                "update the harness",
            )
        if isinstance(version, int) and 1 <= version < SCHEMA_VERSION:
            data = upgraded(data, version)
        if shared and kind is Plan:
            _share_cells(data, shared)
        unknown = shared.insert(data) if shared else {}
        document: D = _adapter(cast("Any", kind)).validate_python(data)
    except (ValueError, RecursionError) as error:
        wrong = _first(error) if isinstance(error, ValidationError) else str(error)
        raise _unusable(kind, path, wrong) from error
    if isinstance(document, Result) and (lack := flaw(document)):
        raise _unusable(kind, path, lack)
    if shared and isinstance(document, Result):
        shared.learn(unknown, document)
    return document


def _share_cells(data: Any, shared: Shared) -> None:
    """Put the cells of a plan, validated one by one, in the place of their plain data, up to one that is wrong."""
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list):
        return
    for number, cell in enumerate(cells):
        unknown = shared.insert(cell)
        try:
            cells[number] = _adapter(PlannedCell).validate_python(cell)
        except ValidationError:
            return  # the whole plan's validation names the place
        shared.learn(unknown, cells[number])


def _from_json(content: bytes) -> Any:
    """Return plain data. Raises ValueError or RecursionError where the content is no JSON, or has a text that is none.

    Python's own parser takes twice as long. It judges whatever the other one refuses, and words what is wrong.
    """
    try:
        return from_json(content)
    except ValueError:
        data = json.loads(content)
    if b"\\u" in content and (wrong := _no_text(data)) is not None:
        raise ValueError(f"{wrong!r:.80} is no text in UTF-8")
    return data


def _unusable(kind: type[Document], path: Path | str, lack: str) -> BadDocument:
    remedy = AGAIN.get(kind.__name__, "delete it and run the cell again (harness run --resume)")
    return BadDocument(f"{path} is not a usable {Path(path).stem} document: {lack}", remedy)


def unreadable(document: Document) -> str | None:
    """Return what would keep a document from being read again once it is written, or None."""
    data = to_dict(document)
    try:
        _adapter(cast("Any", type(document))).validate_python(data)
    except ValidationError as error:
        return _first(error)
    # A file's name is bytes, and Python keeps those that are no text as what nothing else can write or read.
    wrong = _no_text(data)
    return None if wrong is None else f"{wrong!r:.100} is no text in UTF-8"


def _no_text(data: Any) -> str | None:
    """Return a text in plain data that can't be encoded, or None."""
    return next((text for text in _texts(data) if not _is_text(text)), None)


def _texts(data: Any) -> Iterator[str]:
    """Yield every text in plain data, keys too."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for member in data:
            yield from _texts(member)
        yield from _texts(list(data.values())) if isinstance(data, dict) else ()


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _first(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the document"
    return f"{place}: {first['msg']}"


def require_writable(path: Path) -> None:
    """Raise StorageError where replacing(path) could not even begin; nothing is left of the trial."""
    with storing(path):
        there = next(parent for parent in _target(path).parents if parent.exists())
        with TemporaryDirectory(dir=there, prefix=f".{path.name}-"):
            pass


def _target(path: Path) -> Path:
    """Return what a name stands for, from the root on: a person's link stays, and what it shows is written."""
    return Path(os.path.realpath(path))


@contextmanager
def replacing(path: Path, elsewhere: str = ANOTHER_OUT) -> Iterator[Path]:
    """Yield a file to write that takes the place of `path` in the end, of what it links to, or leaves it as it was.

    Raises StorageError where it can't be written, with `elsewhere` as storing has it.
    """
    with storing(path, elsewhere=elsewhere):
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # A folder of its own, so that two processes that write the same file do not meet; from the root on, since
        # whoever writes there may take the beginning of a relative path for a URI's (a:b) or a home's (~).
        with TemporaryDirectory(dir=target.parent, prefix=f".{path.name}-") as folder:
            part = Path(folder) / path.name
            yield part
            part.replace(target)


def write(path: Path, document: Document, elsewhere: str = "") -> None:
    """Write a document in one step. Raises StorageError, with `elsewhere` as storing has it; nothing is half-written.

    A plan has the paths of this host, to be executed again; nothing else says where it was made. What belongs to a run
    that is there already can't be written elsewhere.
    """
    run, private = path.parents[2:3], not isinstance(document, Plan | Job)
    with storing(path, elsewhere=elsewhere):
        write_json(path, document, private_dict(document, [*run, path.parent, ROOT]) if private else None)


@contextmanager
def storing(path: Path, doing: str = "written", elsewhere: str = ANOTHER_OUT) -> Iterator[None]:
    """Turn what the file system refuses while the block runs into one sentence. Raises StorageError.

    `doing` is what is done to the path, `elsewhere` how a person names another place.
    """
    try:
        yield
    except OSError as error:
        raise refused(error, path, doing, elsewhere) from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
