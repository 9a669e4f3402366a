"""A real HTTP server on loopback that serves files, as well or as badly as a test says."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What the server serves, how it misbehaves, and what it was asked for."""

    #: What is served under every name that `contents` lacks, unless those are all that there is.
    content: bytes = b""
    #: By the whole path, without the first slash, or by its last part; then the paths that there is nothing under.
    contents: dict[str, bytes] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    contents_are_all: bool = False
    content_type: str | None = None
    #: Statuses that the next requests get instead of the file (None: it is served), and the headers of a status.
    refusals: list[int | None] = field(default_factory=list)
    headers_of: dict[int, dict[str, str]] = field(default_factory=dict)
    #: After how many bytes each of the next answers breaks off.
    break_offs: list[int] = field(default_factory=list)
    #: While this is not set, an answer that is to break off stalls there instead.
    may_break_off: threading.Event = field(default_factory=threading.Event)
    #: How many of the next connections are closed without an answer.
    drops: int = 0
    knows_ranges: bool = True
    tells_length: bool = True
    url: str = ""
    ranges: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_break_off.set()

    @property
    def requests(self) -> int:
        """How many requests came."""
        return len(self.ranges)


@contextmanager
def serving(files: FileServer, port: int = 0) -> Iterator[FileServer]:
    """Serve while the block runs, on the port or on any free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.ranges.append(self.headers["Range"])
            files.paths.append(self.path[1:])
            files.authorizations.append(self.headers["Authorization"])
            if files.drops:
                files.drops -= 1
                return
            path = self.path[1:].partition("?")[0]
            content = files.contents.get(path, files.contents.get(path.rpartition("/")[2]))
            refusal = files.refusals.pop(0) if files.refusals else None
            if refusal or path in files.gone or (content is None and files.contents_are_all):
                self._refuse(refusal or 404)
                return
            content = files.content if content is None else content
            start = self._start()
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = content[start:]
            self.send_response(206 if start else 200)
            if files.content_type:
                self.send_header("Content-Type", files.content_type)
            if files.tells_length:
                self.send_header("Content-Length", str(len(body)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            if files.break_offs:
                self.wfile.write(body[: files.break_offs.pop(0)])
                files.may_break_off.wait()
            else:
                self.wfile.write(body)

        def _refuse(self, status: int) -> None:
            self.send_response(status)
            for name, value in files.headers_of.get(status, {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _start(self) -> int:
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            return int(wanted.group(1)) if wanted and files.knows_ranges else 0

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    files.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield files
    finally:
        files.may_break_off.set()
        server.shutdown()
        thread.join()
        server.server_close()
