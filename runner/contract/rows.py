"""The file of a detection pass: SQLite, one row an image.

The runner writes it and the host reads it, so: standard library and NumPy only. A committed row is where an
interrupted pass goes on.
"""

import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence

from runner.contract.found import UNSEEN, ImageDetections, Row, Seen, Times, columns, from_columns

__all__ = [
    "FILE",
    "LAYOUT",
    "UNSEEN",
    "Followed",
    "ImageDetections",
    "Row",
    "Seen",
    "Times",
    "Totals",
    "Writer",
    "read",
    "settle",
    "writing",
]

#: Its name in the folder of a cell.
FILE = "detections.sqlite"
#: The version of the tables below, kept in the file, and how many of the last columns an earlier layout lacks.
LAYOUT = 3
LACKING = {1: 11, 2: 4, LAYOUT: 0}
#: How long the process of a killed run may hold the file until it notices that nobody listens any more.
ORPHAN_S = 60.0
#: How long who still reads a pass may keep it from becoming one file, and how often one looks, in seconds.
READ_S, LOOK_S = 5.0, 0.05
#: What SQLite keeps beside a file while it is open, and leaves there where the process is killed.
BESIDE = ("-wal", "-shm", "-journal")
TABLES = """
CREATE TABLE pass (key TEXT NOT NULL);
CREATE TABLE images (
    position INTEGER PRIMARY KEY, image_id INTEGER NOT NULL UNIQUE, file TEXT NOT NULL, failure TEXT,
    height INTEGER, width INTEGER, pixels_sha256 TEXT, boxes INTEGER NOT NULL,
    decode_ms REAL NOT NULL, transfer_ms REAL NOT NULL, forward_ms REAL NOT NULL, encode_ms REAL NOT NULL,
    box_xyxy BLOB, scores BLOB, labels BLOB, masks BLOB, keypoints BLOB, keypoint_scores BLOB,
    exif_orientation INTEGER, exif_followed INTEGER, resized_height INTEGER, resized_width INTEGER,
    proposals INTEGER, candidates INTEGER, nms_route TEXT,
    proposal_candidates INTEGER, proposal_route TEXT, precision TEXT, channel_means BLOB
);
"""


class Totals(NamedTuple):
    """Sums over the rows of a pass."""

    images: int
    boxes: int
    decode_ms: float
    transfer_ms: float
    forward_ms: float
    encode_ms: float


class Writer:
    """Appends the rows of one pass. Raises sqlite3.Error where the disk does not take them."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        #: How many images have a row.
        self.done: int = connection.execute("SELECT count(*) FROM images").fetchone()[0]

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows and commit them together."""
        with self._connection:
            self._connection.executemany(
                f"INSERT INTO images VALUES ({', '.join('?' * 29)})",  # noqa: S608 -- question marks alone
                [(position, *columns(row)) for position, row in enumerate(rows, start=self.done)],
            )
        self.done += len(rows)

    def totals(self) -> Totals:
        """Return the sums over every row."""
        sums = ", ".join(f"total({name})" for name in Totals._fields[2:])
        query = f"SELECT count(*), coalesce(sum(boxes), 0), {sums} FROM images"  # noqa: S608 -- our own column names
        return Totals(*self._connection.execute(query).fetchone())

    def turned(self) -> int:
        """Return how many pictures have an EXIF orientation that the reader did not follow."""
        unfollowed = "SELECT count(*) FROM images WHERE exif_orientation > 1 AND NOT exif_followed"
        return int(self._connection.execute(unfollowed).fetchone()[0])

    def failures(self) -> List[Any]:
        """Return (file, failure) of each image that could not be decoded."""
        return self._connection.execute(
            "SELECT file, failure FROM images WHERE failure IS NOT NULL ORDER BY position"
        ).fetchall()


@contextmanager
def writing(path: Path, key: str, *, followed: bool = False) -> Iterator[Writer]:
    """Open the pass that `key` names, where it stopped; a file of another pass, or a broken one, is started anew.

    Where it is `followed`, others can read each row as soon as it is committed (see Followed), on a local disk.
    """
    if not _is_of(path, key):
        for leftover in (path, *_beside(path)):
            if leftover.exists():
                leftover.unlink()
    with closing(sqlite3.connect(str(path), timeout=ORPHAN_S)) as connection:
        # No shared memory beside the file (network file systems lack it), and no wait for the disk after each image:
        # a killed process loses nothing, and after a power cut the pass starts at an earlier image.
        mode = "NORMAL" if followed else "EXCLUSIVE"
        connection.executescript(
            f"PRAGMA locking_mode = {mode}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        )
        if connection.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
            with connection:
                connection.executescript(TABLES + f"PRAGMA user_version = {LAYOUT};")
                connection.execute("INSERT INTO pass VALUES (?)", (key,))
        yield Writer(connection)
        if not followed:  # else others may be reading, and the last of them does it
            connection.execute("PRAGMA journal_mode = DELETE")


def _is_of(path: Path, key: str) -> bool:
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(str(path), timeout=ORPHAN_S)) as connection:
            layout = connection.execute("PRAGMA user_version").fetchone()[0]
            return layout == LAYOUT and connection.execute("SELECT key FROM pass").fetchall() == [(key,)]
    except sqlite3.OperationalError:
        raise  # it is held by another process still, or can't be opened: no reason to start anew
    except sqlite3.DatabaseError:
        return False  # it is no such file


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a pass in their order. Raises sqlite3.Error where the file is no such pass."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        layout = connection.execute("PRAGMA user_version").fetchone()[0]
        if layout not in LACKING:
            raise sqlite3.DatabaseError(f"its layout is {layout}, not 1 to {LAYOUT}")
        unknown = [None] * LACKING[layout]
        for _, *found in connection.execute("SELECT * FROM images ORDER BY position"):
            yield from_columns(*found, *unknown)


class Followed:
    """The rows of a pass that goes on, as they come. It is closed before the pass can become one file (see settle)."""

    def __init__(self, path: Path):
        self._path, self._position = path, 0
        self._connection: Optional[sqlite3.Connection] = None

    def more(self) -> List[Row]:
        """Return the rows that came since the last call, none before the pass has begun."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            query = "SELECT * FROM images WHERE position >= ? ORDER BY position"
            found = [from_columns(*row) for _, *row in self._connection.execute(query, (self._position,))]
        except sqlite3.OperationalError:  # it is not there yet, or has no table yet
            return []
        self._position += len(found)
        return found

    def close(self) -> None:
        """Let go of the file, whether or not the pass has ended."""
        if self._connection is not None:
            self._connection.close()


def settle(path: Path) -> None:
    """Make one file of a pass that was followed, or killed; nothing is done where it is one already, or is not there.

    Raises sqlite3.Error where somebody reads it for longer, and where it is no such pass.
    """
    if not path.exists() or not any(each.exists() for each in _beside(path)):
        return
    deadline = time.monotonic() + READ_S
    with closing(sqlite3.connect(str(path), timeout=READ_S)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = DELETE")
                break
            except sqlite3.OperationalError:  # SQLite itself does not wait for readers here
                if time.monotonic() > deadline:
                    raise
            time.sleep(LOOK_S)


def _beside(path: Path) -> List[Path]:
    return [path.with_name(path.name + end) for end in BESIDE]
