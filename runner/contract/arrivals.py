"""Pictures that come while a pass goes on: who makes them hands them over here, and who detects in them waits.

A picture has its name once it is whole. After the last one END is there, and no other comes. Standard library only.
"""

import time
from pathlib import Path
from typing import Iterable, Iterator, Tuple

END = "end-of-pictures"
#: How often one who waits looks, in seconds: much less than a detection takes.
LOOK_S = 0.002


def hand_over(folder: Path, name: str, content: bytes) -> None:
    """Put a picture there under its name, once it is whole. Raises OSError."""
    part = folder / f".{name}.part"
    part.write_bytes(content)
    part.replace(folder / name)


def end(folder: Path) -> None:
    """Say that no more pictures come. Raises OSError."""
    (folder / END).touch()


def arriving(folder: Path, pictures: Iterable[Tuple[int, str]]) -> Iterator[Tuple[int, str]]:
    """Yield each (id, name) in its order as soon as its picture is there, up to the first that does not come."""
    for number, name in pictures:
        while not (folder / name).exists():
            # In this order: what came before the end was said is there by now.
            if (folder / END).exists() and not (folder / name).exists():
                return
            time.sleep(LOOK_S)
        yield number, name
