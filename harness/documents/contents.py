"""What the documents of a cell hold, before anything is read out of them."""

import hashlib
from typing import NamedTuple


class Contents(NamedTuple):
    """What the documents of a cell hold, as bytes; None where there is none."""

    result: bytes | None = None
    execution: bytes | None = None
    scores: bytes | None = None
    agreement: bytes | None = None

    @property
    def size(self) -> int:
        """How many bytes they are together."""
        return sum(len(content or b"") for content in self)

    @property
    def sha256(self) -> bytes:
        """The hash that tells these from any others, 32 bytes."""
        digest = hashlib.sha256()
        for content in self:
            digest.update(ABSENT if content is None else len(content).to_bytes(8))
            digest.update(content or b"")
        return digest.digest()


NOTHING = Contents()
#: Stands in a hash for a document that is not there, where others have their length.
ABSENT = b"\xff" * 8
