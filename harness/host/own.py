"""What this harness is now: its version, its runner's source, and the stack of its own interpreter."""

import importlib.util
import platform
import re
import time
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from harness.errors import StorageError, reason_of, remedy_of
from harness.paths import ROOT
from runner.contract import source_sha256

#: Tells the runner which harness started it.
VARIABLE = "HARNESS_VERSION"
#: How often the runner's source is read before it is told that it can't be, and how many seconds lie between.
TRIES, BETWEEN_S = 3, 0.1


@cache
def version() -> str | None:
    """Return the harness's version, None where it runs without being installed."""
    try:
        return metadata.version("detection-harness")
    except metadata.PackageNotFoundError:
        return None


@cache
def runner_sha256() -> str:
    """Return the hash of the runner's source, as a runner says it of its own.

    Raises StorageError where it can't be read, as while it is installed anew.
    """
    try:
        return _hashed(ROOT / "runner")
    except OSError as error:
        remedy = remedy_of(error) or "run again once nothing changes it"
        raise StorageError(f"{error.filename or ROOT / 'runner'} can't be read: {reason_of(error)}", remedy) from error


def _hashed(folder: Path) -> str:
    """Return the hash of the source; what an editor or a checkout replaces just then is there a moment later."""
    for _ in range(TRIES - 1):
        with suppress(OSError):
            return source_sha256(folder)
        time.sleep(BETWEEN_S)
    return source_sha256(folder)


def variables() -> dict[str, str]:
    """Return the environment variables that a runner is started with."""
    own = version()
    return {VARIABLE: own} if own else {}


@cache
def stack() -> dict[str, str]:
    """Return what a result of the environment `local` would observe of its software, as far as that is known.

    Neither package is imported: torch takes seconds. Its metadata lacks what version.py has, +cu130 say.
    """
    versions: dict[str, str] = {"python": platform.python_version()}
    for package in ("torch", "torchvision"):
        source = _version_file(package)
        names = {package: "__version__", f"{package}_git": "git_version"}
        for field, name in names.items():
            match = re.search(rf"^{name}\s*(?::[^=]*)?=\s*['\"]([^'\"]+)['\"]", source, re.MULTILINE)
            versions |= {field: match.group(1)} if match else {}
    return versions


def _version_file(package: str) -> str:
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).with_name("version.py") if spec and spec.origin else None
    with suppress(OSError):  # it is not there, or not any more
        return path.read_text(encoding="utf-8", errors="replace") if path else ""
    return ""
