"""What a cell needs beside its image: checkpoints, fetched and verified by the host, and input pictures."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx
from filelock import FileLock
from platformdirs import user_cache_path
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from harness.catalogue import ROOT, Model
from harness.errors import BadInput, CannotRunHere, StorageError
from runner.contract import ImageFile, Weights

PHOTOGRAPHS = ROOT / "data" / "photographs"
PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
#: Where torchvision's own checkpoints come from; HARNESS_WEIGHTS_URL names a mirror.
WEIGHTS_URL = "https://download.pytorch.org/models/"
ATTEMPTS = 4
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 30.0

#: Receives the file's name, the bytes that are here, and the bytes in all (None where the server does not tell).
OnBytes = Callable[[str, int, int | None], None]


def data_folder() -> Path:
    """Return the cache folder: HARNESS_DATA, or the platform's own place for caches."""
    chosen = os.environ.get("HARNESS_DATA")
    return Path(chosen) if chosen else user_cache_path("detection-harness")


def weights_folder() -> Path:
    """Return the folder of the checkpoints."""
    return data_folder() / "weights"


def pretrained(model: Model, on_bytes: OnBytes) -> Weights:
    """Return the model's published checkpoint, fetching it if it is not here.

    Raises CannotRunHere where it can't be had or is not the promised file.
    """
    path = weights_folder() / model.checkpoint
    record = path.with_suffix(".sha256")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # one process fetches, others wait and find the file
            if not path.is_file():
                url = os.environ.get("HARNESS_WEIGHTS_URL", WEIGHTS_URL).rstrip("/") + "/" + model.checkpoint
                part = download(url, path, on_bytes)
                sha256 = _verified(part, model)
                part.replace(path)
                record.write_text(sha256, encoding="ascii")
            elif not record.is_file():
                record.write_text(_verified(path, model), encoding="ascii")
            sha256 = record.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StorageError(
            f"{path} can't be written: {error.strerror}", "free some space, or set HARNESS_DATA"
        ) from error
    return Weights(kind="pretrained", file=model.checkpoint, sha256=sha256)


def download(url: str, path: Path, on_bytes: OnBytes) -> Path:
    """Fetch `url` to a file beside `path`, going on where an earlier try stopped, and return that file.

    Raises CannotRunHere once every attempt has failed.
    """
    part = path.with_name(path.name + ".part")
    attempts = Retrying(
        retry=retry_if_exception_type(httpx.TransportError) | retry_if_exception_type(_TryAgain),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.2, max=5),
        reraise=True,
    )
    try:
        attempts(_fetch, url, part, on_bytes)
    except (httpx.HTTPError, _TryAgain) as error:
        raise CannotRunHere(
            f"{url} can't be fetched ({error or type(error).__name__})",
            "check the network, name a mirror with HARNESS_WEIGHTS_URL, or use --weights random",
        ) from error
    return part


class _TryAgain(Exception):
    """The server answered, but not with the whole file."""


def _fetch(url: str, part: Path, on_bytes: OnBytes) -> None:
    here = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if answer.headers.get("Content-Range") == f"bytes */{here}":
                return  # the whole file is here already
            part.unlink()
            raise _TryAgain("the part that was here did not fit the server's file")
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _TryAgain(f"HTTP {answer.status_code}")
        answer.raise_for_status()
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            here = 0
        length = answer.headers.get("Content-Length")
        total = here + int(length) if length else None
        with part.open("ab" if here else "wb") as stream:
            for block in answer.iter_raw():  # as they come: what is held back would be lost where the answer breaks off
                stream.write(block)
                here += len(block)
                on_bytes(part.name.removesuffix(".part"), here, total)
    if total is not None and here < total:
        raise _TryAgain(f"{here} of {total} bytes came")


def _verified(path: Path, model: Model) -> str:
    """Return the file's SHA-256; a file that is not the promised one is deleted. Raises CannotRunHere then."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if not sha256.startswith(model.checkpoint_sha256_prefix):
        path.unlink()
        raise CannotRunHere(
            f"{model.checkpoint} came with SHA-256 {sha256[:16]}…, not {model.checkpoint_sha256_prefix}…, "
            "and was deleted",
            "fetch it from another mirror (HARNESS_WEIGHTS_URL), or use --weights random",
        )
    return sha256


def weights_file(path: Path) -> Weights:
    """Return a person's own weights. Raises BadInput where there is no such file or of another kind."""
    if not path.is_file():
        raise BadInput(f"there are no weights {str(path)!r}", "name a file, or one of: pretrained, random, auto")
    if path.suffix not in {".pth", ".pt", ".safetensors"}:
        raise BadInput(f"{path} is neither .safetensors nor .pth", "save model.state_dict() as safetensors")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Weights(kind="file", file=path.name, sha256=sha256)


def pictures(folder: Path, at_most: int) -> list[ImageFile]:
    """Return the first pictures of the folder, by name. Raises BadInput where it has none."""
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in PICTURES) if folder.is_dir() else []
    if not names:
        raise BadInput(f"{folder} holds no pictures", f"name a folder with {', '.join(sorted(PICTURES))} files")
    return [
        ImageFile(name=name, sha256=hashlib.sha256((folder / name).read_bytes()).hexdigest())
        for name in names[:at_most]
    ]
