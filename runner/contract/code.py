"""A person's own code: how a detector in it is called, and what the folder that holds it is known by."""

import hashlib
import os
import re
from pathlib import Path
from typing import Iterator, Optional, Tuple

from runner.contract.model import Code

#: More than this is no folder of code, and would be hashed for each cell anew.
MOST_FILES, MOST_BYTES = 20_000, 1 << 30
#: What Python makes of the source beside it. The runner neither reads nor writes it.
COMPILED = "__pycache__"
#: How many hex digits of the folder's hash belong to a builder's name.
DIGITS = 12


class UnusableCodeError(ValueError):
    """A folder can't be handed to a runner as code: the message says why, `remedy` what helps."""

    def __init__(self, reason: str, remedy: str):
        super().__init__(reason)
        self.remedy = remedy


def builder_of(code: Code) -> str:
    """Return the builder's name of a person's own detector: module:function@HASH, another for each content."""
    return f"{code.name}@{code.sha256[:DIGITS]}"


def own_name(builder: str) -> Optional[Tuple[str, str]]:
    """Return module:function and the digits of the hash that a builder's name has, None where it is torchvision's."""
    match = re.fullmatch(rf"([^:@]+:[^:@]+)@([0-9a-f]{{{DIGITS}}})", builder)
    return (match.group(1), match.group(2)) if match else None


def folder_sha256(folder: Path) -> str:
    """Return the hash of a folder of code: each file's path below it and its content, by path; of a link, its target.

    Left out are hidden files and folders (their names begin with a dot: Python imports none, and tools change them),
    what Python compiles (__pycache__), and what is no file (sockets, pipes). Raises UnusableCodeError where the folder
    is too large for code, or has a link to what a container would not see or what is left out here, and OSError where
    it can't be read.
    """
    digest, files = hashlib.sha256(), sorted(_files(folder, folder))
    size_bytes = sum(os.lstat(folder / os.fsdecode(name)).st_size for name in files)
    if size_bytes > MOST_BYTES:
        raise _too_large(folder, f"{size_bytes / 2**30:.1f} GiB")
    for name in files:
        digest.update(name + b" " + _content(folder / os.fsdecode(name), folder).encode() + b"\n")
    return digest.hexdigest()


def _files(folder: Path, root: Path) -> Iterator[bytes]:
    """Yield the path below `root` of each file and link that counts."""
    pending, seen = [folder], 0
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    raise _too_large(root, f"more than {MOST_FILES} files")
                if _is_left_out(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                    yield os.fsencode(Path(entry.path).relative_to(root))


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name == COMPILED


def _content(path: Path, root: Path) -> str:
    """Return what a file is hashed by: its content's own hash, or a link's target."""
    if path.is_symlink():
        return f"-> {_target(path, root)}"
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _target(link: Path, root: Path) -> str:
    """Return what a link says. Raises UnusableCodeError where a container would not see what it leads to."""
    target = str(link.readlink())
    real, top = Path(os.path.realpath(link)), Path(os.path.realpath(root))
    below = os.path.normpath(link.parent.relative_to(root) / target)  # a container's folder has another name
    if Path(target).is_absolute() or below.startswith(os.pardir) or top not in (real, *real.parents):
        remedy = "copy what it leads to into the folder"
        raise UnusableCodeError(f"{link} is a link that leads out of the folder", remedy)
    if any(map(_is_left_out, real.relative_to(top).parts)):
        raise UnusableCodeError(f"{link} is a link to a hidden file, which does not count as code", "rename the file")
    return target


def _too_large(folder: Path, what: str) -> UnusableCodeError:
    remedy = "name one that holds the code alone, and a file of weights with --weights"
    return UnusableCodeError(f"the folder {folder} holds {what}, too much for code", remedy)
