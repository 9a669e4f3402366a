"""How servers are asked: patiently where they say to come again, and never for longer than a person waits."""

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from queue import Empty, SimpleQueue
from time import monotonic

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
ATTEMPTS = 4
#: A server that asks to be left alone for longer is not waited for.
PATIENCE_S = 60.0
COME_AGAIN = {408, 425, 429, 500, 502, 503, 504}
#: How long all servers together have to show that they are there, name resolution included.
PROBE_S = 6.0
USUAL_WAIT = wait_exponential(multiplier=0.2, max=5)


class NotReached(Exception):
    """No answer came, or none that tells anything.

    `busy`: the server takes no more questions for now. `again`: it may answer if it is asked again, `after_s` seconds
    later where it said so.
    """

    def __init__(self, reason: str, *, busy: bool = False, again: bool = False, after_s: float | None = None):
        super().__init__(reason)
        self.busy = busy
        self.again = again
        self.after_s = after_s


def get(url: str | httpx.URL, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Return the answer, after redirects, of whatever status but those that say to come again.

    Such a one is asked again, when Retry-After says so, as is a server that does not answer. Raises NotReached.
    """
    patiently = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, NotReached) and error.again),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_pause_s,
        reraise=True,
    )
    return patiently(_ask, url, dict(headers or {}))


@cache
def _client() -> httpx.Client:
    """Return the one client, which keeps connections, and reads the system's certificates once."""
    return httpx.Client(timeout=TIMEOUT)


def _pause_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    after_s = error.after_s if isinstance(error, NotReached) else None
    return USUAL_WAIT(state) if after_s is None else after_s


def _ask(url: str | httpx.URL, headers: dict[str, str]) -> httpx.Response:
    try:
        answer = _client().get(url, headers=headers, follow_redirects=True)
    except httpx.TransportError as error:
        raise NotReached(f"{url}: {said(error)}", again=True) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: a host that is none
        raise NotReached(f"{url}: {said(error)}") from error
    if answer.status_code not in COME_AGAIN:
        return answer
    after_s, status = _after_s(answer.headers.get("Retry-After")), f"HTTP {answer.status_code}"
    busy = answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    if after_s is not None and after_s > PATIENCE_S:
        raise NotReached(f"{url}: {status}, and to be asked again in {after_s:.0f} s", busy=busy)
    raise NotReached(f"{url}: {status}", busy=busy, again=True, after_s=after_s)


def _after_s(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3): a number, or a date. None for anything else."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def silent(error: BaseException | None) -> bool:
    """Tell whether the error, or what caused it, means that the server's other answers need not be waited for."""
    while error is not None:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            return True
        if isinstance(error, NotReached) and error.busy:
            return True
        error = error.__cause__
    return False


def said(error: Exception) -> str:
    """Return the error's words, or its kind where it has none."""
    return str(error) or type(error).__name__


def server_of(url: str) -> str:
    """Return scheme and host of a URL, and its port where it names one."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode()}"


def answering(servers: Iterable[str]) -> set[str]:
    """Return the servers that give any HTTP answer, whatever it says, within six seconds.

    Each is asked in a daemon thread: a resolver that is not there can take longer, and then holds up nobody.
    """
    answers: SimpleQueue[tuple[str, bool]] = SimpleQueue()
    waiting, there = set(servers), set()
    for server in waiting:
        threading.Thread(target=lambda server=server: answers.put((server, _answers(server))), daemon=True).start()
    end = monotonic() + PROBE_S
    while waiting:
        try:
            server, answered = answers.get(timeout=max(0.0, end - monotonic()))
        except Empty:
            break
        waiting.remove(server)
        there |= {server} if answered else set()
    return there


def _answers(server: str) -> bool:
    try:
        _client().get(server, timeout=4.0)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False
    return True
