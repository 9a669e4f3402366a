"""The file of a detection pass: SQLite, one row an image, columns of numbers as little-endian blobs.

The runner writes it and the host reads it, so: standard library and NumPy only. A committed row is where an
interrupted pass goes on. A box takes 24 bytes: four float32 coordinates, a float32 score, an int32 label.
"""

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy

from runner.contract.blobs import blob, per_detection

#: Its name in the folder of a cell.
FILE = "detections.sqlite"
#: The version of the tables below, kept in the file, and how many of the last columns an earlier layout lacks.
LAYOUT = 3
LACKING = {1: 11, 2: 4, LAYOUT: 0}
#: How long the process of a killed run may hold the file until it notices that nobody listens any more.
ORPHAN_S = 60.0
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


class Times(NamedTuple):
    """What an image took, in ms. In a batch, each image has its share."""

    decode_ms: float = 0.0
    transfer_ms: float = 0.0
    forward_ms: float = 0.0
    encode_ms: float = 0.0


@dataclass(frozen=True)
class ImageDetections:
    """What a model found in one picture of n detections, in the model's own order.

    boxes (n, 4) float32, x1 y1 x2 y2 in pixels; scores (n,) float32; labels (n,) int32; masks, n counts of COCO's
    compressed run-length encoding; keypoints (n, k, 3) float32, x y and visibility; keypoint_scores (n, k) float32.
    """

    boxes: Any
    scores: Any
    labels: Any
    masks: Optional[List[bytes]] = None
    keypoints: Any = None
    keypoint_scores: Any = None


class Seen(NamedTuple):
    """What a model did with a picture on the way; None where it has no such step, or nobody could look.

    The size to which it was resized; the proposals of the first stage; the boxes that went into the last non-maximum
    suppression, and which of torchvision's two ways that took: "coordinate trick" or "vanilla". In passes of layout 3,
    the same of the suppression among proposals; the type of the numbers that its backbone returned; and the means of
    red, green and blue, 0..255, over a grid of what it was given.
    """

    resized_height: Optional[int] = None
    resized_width: Optional[int] = None
    proposals: Optional[int] = None
    candidates: Optional[int] = None
    nms_route: Optional[str] = None
    proposal_candidates: Optional[int] = None
    proposal_route: Optional[str] = None
    precision: Optional[str] = None
    channel_means: Optional[Tuple[float, ...]] = None


UNSEEN = Seen()


@dataclass(frozen=True)
class Row:
    """One image of a pass. One that could not be decoded has a failure and nothing else.

    exif_orientation is the file's, 1 to 8; where it is another than 1, exif_followed tells whether the reader turned
    the picture as it says.
    """

    image_id: int
    file: str
    times: Times
    failure: Optional[str] = None
    height: Optional[int] = None
    width: Optional[int] = None
    pixels_sha256: Optional[str] = None
    detections: Optional[ImageDetections] = None
    exif_orientation: Optional[int] = None
    exif_followed: Optional[bool] = None
    seen: Seen = UNSEEN


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
                [(position, *_columns(row)) for position, row in enumerate(rows, start=self.done)],
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

    Where it is `followed`, others can read each row as soon as it is committed (see since), on a local disk.
    """
    if not _is_of(path, key):
        for name in (path.name, path.name + "-wal", path.name + "-journal"):
            leftover = path.with_name(name)
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
        for columns in connection.execute("SELECT * FROM images ORDER BY position"):
            yield _row(*columns[1:], *unknown)


def since(path: Path, position: int) -> List[Row]:
    """Return the rows from a position on that a pass that is followed has by now, none before it has begun."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT * FROM images WHERE position >= ? ORDER BY position"
            return [_row(*columns[1:]) for columns in connection.execute(query, (position,))]
    except sqlite3.OperationalError:  # it is not there yet, or has no table yet
        return []


def settle(path: Path) -> None:
    """Make a pass that was followed one file, as any other is. Raises sqlite3.Error where somebody still reads it."""
    with closing(sqlite3.connect(str(path), timeout=ORPHAN_S)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _columns(row: Row) -> List[Any]:
    detections = row.detections
    blobs: List[Optional[bytes]] = [None] * 6
    if detections is not None:
        blobs = [
            blob(detections.boxes, "<f4"),
            blob(detections.scores, "<f4"),
            blob(detections.labels, "<i4"),
            # The encoding's characters begin at '0'.
            None if detections.masks is None else b"\n".join(detections.masks),
            blob(detections.keypoints, "<f4"),
            blob(detections.keypoint_scores, "<f4"),
        ]
    picture = [row.image_id, row.file, row.failure, row.height, row.width, row.pixels_sha256]
    count = 0 if detections is None else len(detections.scores)
    *seen, means = row.seen
    turned = row.exif_orientation, row.exif_followed
    return [*picture, count, *row.times, *blobs, *turned, *seen, blob(means, "<f4")]


def _row(
    image_id: int,
    file: str,
    failure: Optional[str],
    height: Optional[int],
    width: Optional[int],
    pixels_sha256: Optional[str],
    n: int,
    *rest: Any,
) -> Row:
    means = None if rest[-1] is None else tuple(numpy.frombuffer(rest[-1], "<f4").tolist())
    times, blobs, (orientation, followed) = Times(*rest[:4]), rest[4:10], rest[10:12]
    seen = Seen(*rest[12:-1])._replace(channel_means=means)
    detections = None if blobs[0] is None else _detections(n, *blobs)
    turned = None if followed is None else bool(followed)
    return Row(image_id, file, times, failure, height, width, pixels_sha256, detections, orientation, turned, seen)


def _detections(
    n: int, boxes: bytes, scores: bytes, labels: bytes, masks: Optional[bytes], keypoints: Any, keypoint_scores: Any
) -> ImageDetections:
    return ImageDetections(
        boxes=numpy.frombuffer(boxes, "<f4").reshape(n, 4),
        scores=numpy.frombuffer(scores, "<f4"),
        labels=numpy.frombuffer(labels, "<i4"),
        masks=None if masks is None else masks.split(b"\n") if n else [],
        keypoints=per_detection(keypoints, n, 3),
        keypoint_scores=per_detection(keypoint_scores, n),
    )
