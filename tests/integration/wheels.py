"""A package index on loopback: a folder of small wheels, each project with its page."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


def wheel(folder: Path, name: str, version: str) -> str:
    """Make a wheel and its page in the index, and return its SHA-256."""
    file = folder / name / f"{name}-{version}-py3-none-any.whl"
    file.parent.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with (file.parent / "index.html").open("a") as page:
        page.write(f'<a href="{file.name.replace("+", "%2B")}#sha256={digest}">{file.name}</a>\n')
    return digest


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serve a folder while the block runs, and yield its URL."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
