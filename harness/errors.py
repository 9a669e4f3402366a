"""The errors a person sees: one sentence each, that names the thing, the reason and the remedy.

The exit codes are part of the interface (docs/commands.md).
"""

import errno
import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


class HarnessError(Exception):
    """A problem, and its remedy where there is one ("" where none is known). `str(error)` is the sentence to print."""

    exit_code = 1

    def __init__(self, reason: str, remedy: str):
        sentence = "; ".join(part.rstrip(".") for part in (reason, remedy) if part)
        super().__init__(sentence + ("" if remedy.endswith("?") else "."))
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[Self], tuple[str, str], dict[str, object]]:
        # Else an error in another process would be none here: Exception hands the sentence on, not its parts.
        return type(self), (self.reason, self.remedy), self.__dict__


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
    """A file can't be read or written: the disk is full, say, or this user may not."""

    exit_code = 5


MAKE_ROOM = "free some space"
#: What mends what the system refuses, where that is known; then whether another place would do, too.
REMEDIES = {
    errno.ENOSPC: (MAKE_ROOM, True),
    errno.EDQUOT: (f"{MAKE_ROOM} of this user's quota", True),
    errno.EFBIG: ("raise the limit of a file's size (ulimit -f)", True),
    errno.EACCES: ("give this user the right to it", True),
    errno.EPERM: ("give this user the right to it", True),
    errno.EROFS: ("", True),
    errno.ENAMETOOLONG: ("choose a shorter name", False),
    errno.ENOTDIR: ("", True),
    errno.EEXIST: ("move what is there", True),
    errno.EISDIR: ("", True),
    errno.ELOOP: ("mend its links", True),
    errno.EIO: ("look at the disk", True),
    errno.ESTALE: ("mount its file system anew", True),
    errno.EMFILE: ("raise the limit of open files (ulimit -n)", False),
    errno.ENOMEM: ("free some memory", False),
}
ANOTHER_OUT = "choose another --out"
#: Where runs go to which nobody named a place, as a demo's never has one: its --out is the clip's.
ANOTHER_RESULTS = "set HARNESS_RESULTS to a folder elsewhere"
ANOTHER_DATA = "set HARNESS_DATA to a folder elsewhere"


def another_place(run: object) -> str:
    """Return how another place is named for a new run: where a person named one, and where it is None."""
    return ANOTHER_RESULTS if run is None else ANOTHER_OUT


def remedy_of(error: OSError, elsewhere: str = "") -> str:
    """Return what mends it; `elsewhere` says how to name another place, "" where that is nobody's choice."""
    mends, place_matters = REMEDIES.get(error.errno or 0, ("", False))
    return ", or ".join(filter(None, (mends, elsewhere if place_matters else "")))


def refused(error: OSError, what: object, doing: str = "written", elsewhere: str = ANOTHER_OUT) -> StorageError:
    """Return the sentence for a file, `what`, that can't be written, or whatever else was to be done with it."""
    return StorageError(f"{what} can't be {doing}: {reason_of(error)}", remedy_of(error, elsewhere))


def reason_of(error: OSError) -> str:
    """Return the system's own words, without the number and the file."""
    return error.strerror or (os.strerror(error.errno) if error.errno else str(error) or type(error).__name__)


#: How alike names are, by difflib, of which one was meant for the other: a few letters of many, not cpu for gpu.
NEAR = 0.7


def unknown(kind: str, name: str, known: Iterable[str]) -> BadInput:
    """Return the error for a name that is not known, with the nearest ones that are."""
    names = sorted(known)
    near = [known for known in names if name and name in known] or get_close_matches(name, names, n=2, cutoff=NEAR)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(names)}"
    return BadInput(f"there is no {kind} {name!r}", remedy)
