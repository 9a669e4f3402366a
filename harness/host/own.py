"""What this harness is now: its version, its runner's source, and the stack of its own interpreter."""

import importlib.util
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path

from harness.paths import ROOT
from runner.contract import source_sha256

#: Tells the runner which harness started it.
VARIABLE = "HARNESS_VERSION"


@cache
def version() -> str | None:
    """Return the harness's version, None where it runs without being installed."""
    try:
        return metadata.version("detection-harness")
    except metadata.PackageNotFoundError:
        return None


@cache
def runner_sha256() -> str:
    """Return the hash of the runner's source, as a runner says it of its own."""
    return source_sha256(ROOT / "runner")


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
    return path.read_text(encoding="utf-8") if path and path.is_file() else ""
