"""Pictures that come while a pass goes on: who makes them hands them over here, and who detects in them waits.

A picture has its name once it is whole. Where one does not come, a file says so under its name with NO_MORE behind it,
and none comes behind it. So several passes can wait for the same pictures, one pass after another. Standard library
only.
"""

import time
from pathlib import Path
from typing import Iterable, Iterator, Tuple

NO_MORE = ".none"
#: How often one who waits looks, in seconds: much less than a detection takes.
LOOK_S = 0.002
#: How long one waits for a picture, in seconds: much longer than any takes, for whoever hands them over may be gone.
PATIENCE_S = 600.0


class NeverCame(Exception):
    """Nobody handed a picture over, nor said that none comes."""


def hand_over(folder: Path, name: str, content: bytes) -> None:
    """Put a picture there under its name, once it is whole. Raises OSError."""
    part = folder / f".{name}.part"
    part.write_bytes(content)
    part.replace(folder / name)


def end(folder: Path, name: str) -> None:
    """Say that neither the picture of that name comes nor any behind it. Raises OSError."""
    (folder / f"{name}{NO_MORE}").touch()


def arriving(folder: Path, pictures: Iterable[Tuple[int, str]]) -> Iterator[Tuple[int, str]]:
    """Yield each (id, name) in its order as soon as its picture is there, up to the first that is said not to come.

    Raises NeverCame after PATIENCE_S.
    """
    for number, name in pictures:
        deadline = time.monotonic() + PATIENCE_S
        while not (folder / name).exists():
            if (folder / f"{name}{NO_MORE}").exists():
                return
            if time.monotonic() > deadline:
                raise NeverCame(f"{name} did not come within {PATIENCE_S:g} s")
            time.sleep(LOOK_S)
        yield number, name
