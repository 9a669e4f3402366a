"""A file over HTTP, going on where an earlier try stopped."""

from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from harness.progress import OnBytes

ATTEMPTS = 4
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 30.0
#: Statuses below 500 that a later try may not get.
BUSY = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS)


class NotReceived(Exception):
    """Why a file did not come. Where the server `answered`, it did so with another file, or none."""

    def __init__(self, reason: str, *, answered: bool):
        super().__init__(reason)
        self.answered = answered


class _NoFile(Exception):
    """The server answered, but not with the file."""


class _TryAgain(_NoFile):
    """The server may do better the next time."""


def receive(url: str, part: Path, size_bytes: int | None, on_bytes: OnBytes) -> None:
    """Put into `part` what it still lacks of the file; `size_bytes` are all that it has, where that is known.

    Raises NotReceived, and OSError where `part` can't be written. What came before an error is kept.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(httpx.TransportError) | retry_if_exception_type(_TryAgain),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=0.2, max=5),
        reraise=True,
    )
    try:
        attempts(_go_on, url, part, size_bytes, on_bytes)
    except (httpx.HTTPError, httpx.InvalidURL, _NoFile) as error:
        answered = isinstance(error, _NoFile) and not isinstance(error, _TryAgain)
        raise NotReceived(str(error) or type(error).__name__, answered=answered) from error


def _go_on(url: str, part: Path, size_bytes: int | None, on_bytes: OnBytes) -> None:
    here = part.stat().st_size if part.exists() else 0
    if here and here == size_bytes:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if answer.headers.get("Content-Range") == f"bytes */{here}":
                return  # the whole file is here already
            part.unlink()
            raise _TryAgain("the part that was here did not fit the server's file")
        if answer.is_error:
            again = answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code in BUSY
            raise (_TryAgain if again else _NoFile)(f"HTTP {answer.status_code} {answer.reason_phrase}")
        if answer.status_code != httpx.codes.PARTIAL_CONTENT:
            here = 0
        length = answer.headers.get("Content-Length")
        total = here + int(length) if length else size_bytes
        if size_bytes not in (None, total):
            raise _NoFile(f"the server offers {total} bytes, not {size_bytes}")
        _append(answer, part, here, total, on_bytes)


def _append(answer: httpx.Response, part: Path, here: int, total: int | None, on_bytes: OnBytes) -> None:
    with part.open("ab" if here else "wb") as stream:
        for block in answer.iter_raw():  # as they come: what is held back would be lost where the answer breaks off
            here += stream.write(block)
            on_bytes(part.name.removesuffix(".part"), here, total)
            if total is not None and here > total:
                raise _NoFile(f"more than {total} bytes came")
    if total is not None and here < total:
        raise _TryAgain(f"{here} of {total} bytes came")
