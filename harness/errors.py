"""The errors a person sees: one sentence each, that names the thing, the reason and the remedy.

The exit codes are part of the interface (README, "Exit codes").
"""

from collections.abc import Iterable
from difflib import get_close_matches


class HarnessError(Exception):
    """A problem with a remedy. `str(error)` is the sentence to print."""

    exit_code = 1

    def __init__(self, reason: str, remedy: str):
        super().__init__(f"{reason.rstrip('.')}; {remedy.rstrip('.')}" + ("" if remedy.endswith("?") else "."))
        self.reason = reason
        self.remedy = remedy


class BadInput(HarnessError):
    """What was asked for does not exist or does not fit together."""

    exit_code = 2


class CannotRunHere(HarnessError):
    """This host lacks what the request needs: an engine, a GPU, torch, a network."""

    exit_code = 3


class BadDocument(HarnessError):
    """A file of results is corrupt, of another kind, or of a version that this harness does not read."""

    exit_code = 4


class StorageError(HarnessError):
    """A file can't be written: the disk is full or the folder is not writable."""

    exit_code = 5


MAKE_ROOM = "free some space, or choose another --out"


def unknown(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """Return the error for a name that is not known, with the nearest ones that are."""
    names = sorted(known)
    near = [known for known in names if name and name in known] or get_close_matches(name, names, n=2, cutoff=0.4)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(names)}"
    return BadInput(f"there is no {kind} {name!r}", remedy)
