"""Names that are the same in every run: for machines and devices, of which they reveal nothing else, and for source."""

import hashlib
import re
from pathlib import Path
from typing import Optional

SALT = b"detection-harness "


def pseudonym(identity: str) -> str:
    """Return twelve hex digits of a salted SHA-256 of a machine id, a UUID or a serial number."""
    return hashlib.sha256(SALT + identity.encode()).hexdigest()[:12]


def source_sha256(folder: Path) -> str:
    """Return the hash of a package's source: each .py file's path below the folder and its content, by path."""
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py")):
        digest.update(f"{name} {hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def mig_profile(name: Optional[str]) -> Optional[str]:
    """Return the profile that NVML's name of a MIG instance ends with, such as 1g.5gb; None of another name."""
    match = re.search(r" MIG (\S+)$", name or "")
    return match.group(1) if match else None
