"""How a file comes here: over HTTP, going on where an earlier try stopped, or from a local copy; then it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.documents.files import sha256_of
from harness.errors import BadInput, CannotRunHere, reason_of, remedy_of
from harness.progress import OnBytes

BLOCK_BYTES = 1 << 20


class NotTheFile(CannotRunHere):
    """The source answered, but not with the promised file: it has none, or another."""


@dataclass(frozen=True)
class Wanted:
    """A file, where it comes from, and what it has to be.

    `source` is a URL, or a local copy. `sha256` are all hex digits of the hash or the first of them, and `promised_by`
    says who promises them. `elsewhere` is the remedy where this source does not serve the file.
    """

    source: str | Path
    sha256: str
    promised_by: str
    elsewhere: str
    size_bytes: int | None = None


def sources(urls: Mapping[str, str], origin: str | None) -> Mapping[str, str | Path]:
    """Return where each file comes from, by name: its own URL, or `origin`, a mirror's URL, a folder or the one file.

    Raises BadInput where `origin` is none of them or lacks a file.
    """
    if origin is None:
        return urls
    if origin.startswith(("http://", "https://")):
        return {name: f"{origin.rstrip('/')}/{name}" for name in urls}
    place = Path(origin)
    if place.is_file():
        if len(urls) > 1:
            raise BadInput(f"{origin} is one file, and {' and '.join(urls)} are meant", "name the folder that has them")
        return dict.fromkeys(urls, place)
    if not place.is_dir():
        raise BadInput(f"there is no {origin!r}", "name a mirror's http:// or https:// URL, a folder or a file")
    if absent := [name for name in urls if not (place / name).is_file()]:
        raise BadInput(f"{origin} lacks {' and '.join(absent)}", "put it there under this name, or name another place")
    return {name: place / name for name in urls}


def fetch(wanted: Wanted, path: Path, on_bytes: OnBytes) -> str:
    """Put the file at `path` and return its SHA-256; until it is whole and checked, it lies beside, as PATH.part.

    Raises CannotRunHere where it can't be had (NotTheFile: the source answers with another file, or none), BadInput
    where the local copy is not it, OSError where it can't be written. What came before an error is kept, and the next
    call goes on from there.
    """
    part = path.with_name(path.name + ".part")
    if isinstance(wanted.source, Path):
        _copy(wanted, wanted.source, part, on_bytes)
    else:
        _download(wanted, wanted.source, part, on_bytes)
    sha256 = check(wanted, part)
    part.replace(path)
    return sha256


def check(wanted: Wanted, path: Path) -> str:
    """Return the file's SHA-256. A file that is not the promised one is deleted. Raises NotTheFile then."""
    sha256 = sha256_of(path)
    if not sha256.startswith(wanted.sha256):
        path.unlink()
        raise NotTheFile(
            f"{path.name.removesuffix('.part')} came with SHA-256 {sha256[:16]}…, not {wanted.sha256[:16]}… as "
            f"{wanted.promised_by} says, and what came was deleted",
            wanted.elsewhere,
        )
    return sha256


def _copy(wanted: Wanted, source: Path, part: Path, on_bytes: OnBytes) -> None:
    try:
        size, original = source.stat().st_size, source.open("rb")
    except OSError as error:
        raise BadInput(f"{source} can't be read: {reason_of(error)}", remedy_of(error, "name another")) from error
    with original:
        if wanted.size_bytes not in (None, size):
            raise BadInput(f"{source} has {size} bytes, not {wanted.size_bytes}", "name a whole copy")
        here = 0
        with part.open("wb") as stream:
            while block := original.read(BLOCK_BYTES):
                here += stream.write(block)
                on_bytes(part.name.removesuffix(".part"), here, size)


def _download(wanted: Wanted, url: str, part: Path, on_bytes: OnBytes) -> None:
    from harness.data import http  # and with it httpx: whoever has the file already need not wait for that

    try:
        http.receive(url, part, wanted.size_bytes, on_bytes)
    except http.NotReceived as error:
        kind = NotTheFile if error.answered else CannotRunHere
        raise kind(f"{url} can't be fetched ({error})", f"check the network, or {wanted.elsewhere}") from error
