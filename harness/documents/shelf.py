"""What the harness keeps for a user from one call to the next, to be had sooner, in the user's cache folder.

Nothing depends on it. What comes back is what was kept, bit for bit: each file is signed for its key with a secret that
only this user can read. A file that another has put there, or that was torn or altered, is none; and where nothing can
be kept, nothing is.
"""

import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from harness.documents.files import replacing
from harness.errors import StorageError

SECRET = "secret"  # noqa: S105 -- a file's name
#: Bytes of the secret, and of the signature before each content.
LENGTH = 32
#: How many contents are kept; the ones that were used least lately go.
MOST = 16
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_READ = stat.S_IRGRP | stat.S_IROTH


class Shelf:
    """A folder of contents, each under a key of hex digits. What the file system refuses is as if nothing were kept."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def of_user(cls, name: str) -> "Shelf":
        """Return the shelf of that name in the user's cache folder."""
        return cls(user_cache_path("detection-harness") / name)

    def get(self, key: str) -> bytes | None:
        """Return what was kept under the key, None where nothing is that can be trusted."""
        with suppress(OSError):
            secret, file = self._secret(), _own(self.path / key)
            signature, content = file[:LENGTH], file[LENGTH:]
            if hmac.compare_digest(signature, _signature(secret, key, content)):
                os.utime(self.path / key)
                return content
        return None

    def put(self, key: str, content: bytes) -> None:
        """Keep the content under the key, in one step."""
        with suppress(OSError, StorageError):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                secret = self._secret()
            except OSError:
                self._write(SECRET, secrets.token_bytes(LENGTH))
                secret = self._secret()
            self._write(key, _signature(secret, key, content) + content)
            self._thin_out()

    def _secret(self) -> bytes:
        """Return the secret. Raises OSError where there is none that is this user's alone."""
        folder = self.path.stat()
        if folder.st_uid != os.geteuid() or folder.st_mode & OTHERS_WRITE:
            raise PermissionError(f"{self.path} is not this user's alone")
        secret = _own(self.path / SECRET, OTHERS_WRITE | OTHERS_READ)
        if len(secret) != LENGTH:
            raise OSError(f"{self.path / SECRET} was torn")
        return secret

    def _write(self, name: str, content: bytes) -> None:
        with replacing(self.path / name) as part:
            part.touch(mode=0o600)
            part.write_bytes(content)

    def _thin_out(self) -> None:
        kept = [(path.stat().st_mtime, path) for path in self.path.iterdir() if path.is_file() and path.name != SECRET]
        for _, path in sorted(kept)[:-MOST]:
            path.unlink(missing_ok=True)


def _own(path: Path, forbidden: int = OTHERS_WRITE) -> bytes:
    """Return what a file of this user holds. Raises OSError where it is another's, or allows others too much."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # no link, and no pipe to wait for
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.geteuid() or seen.st_mode & forbidden:
            raise PermissionError(f"{path} is not this user's alone")
        return file.read()


def _signature(secret: bytes, key: str, content: bytes) -> bytes:
    return hmac.digest(secret, key.encode() + b"\n" + content, "sha256")
