"""Names for machines and devices that are the same in every run and reveal nothing else."""

import hashlib

SALT = b"detection-harness "


def pseudonym(identity: str) -> str:
    """Return twelve hex digits of a salted SHA-256 of a machine id, a UUID or a serial number."""
    return hashlib.sha256(SALT + identity.encode()).hexdigest()[:12]
