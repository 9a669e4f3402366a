import shutil
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from runner.contract import rows
from runner.contract.rows import UNSEEN, ImageDetections, Row, Seen, Times


def detections(n: int, *, masks: bool = False, keypoints: bool = False) -> ImageDetections:
    random = numpy.random.default_rng(n)
    return ImageDetections(
        boxes=random.random((n, 4), "float32") * 640,
        scores=random.random(n, "float32"),
        labels=random.integers(1, 91, n, "int64"),
        masks=[b"0ab\\c1" + b"%d" % i for i in range(n)] if masks else None,
        keypoints=random.random((n, 17, 3), "float32") if keypoints else None,
        keypoint_scores=random.random((n, 17), "float32") if keypoints else None,
    )


def row(image_id: int, n: int = 3, **kinds: bool) -> Row:
    times = Times(1.0, 2.0, 3.0, 4.0)
    return Row(image_id, f"{image_id}.jpg", times, None, 480, 640, "ab" * 32, detections(n, **kinds))


def write(path: Path, *of: Row, key: str = "a key") -> None:
    with rows.writing(path, key) as writer:
        for each in of:
            writer.append([each])


def same(one: Any, other: Any) -> bool:
    if one is None or other is None or isinstance(one, list):
        return bool(one == other)
    return bool(numpy.array_equal(one, other))


@pytest.mark.parametrize("n", [0, 1, 7])
@pytest.mark.parametrize("kinds", [{}, {"masks": True}, {"keypoints": True}])
def test_what_is_written_is_read(tmp_path: Path, n: int, kinds: dict[str, bool]) -> None:
    path = tmp_path / "pass.sqlite"
    write(path, row(5, n, **kinds))
    (read,) = rows.read(path)
    assert replace(read, detections=None) == replace(row(5), detections=None)
    for name in ImageDetections.__dataclass_fields__:
        expected = getattr(detections(n, **kinds), name)
        if not (n == 0 and name.startswith("keypoint")):
            assert same(getattr(read.detections, name), expected), name
    if kinds.get("keypoints"):
        assert read.detections is not None
        assert len(read.detections.keypoints) == len(read.detections.keypoint_scores) == n


@pytest.mark.parametrize("name", ["run#1", "what?mode=rwc", "100%25", "a:b&c", "file:x", "\u00e9\udce9"])
def test_a_folder_of_any_name_is_read_and_nothing_is_made_beside_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "pass.sqlite"
    path.parent.mkdir()
    write(path, row(5))
    assert [each.image_id for each in rows.read(path)] == [5]
    assert [each.name for each in tmp_path.iterdir()] == [path.parent.name]
    with pytest.raises(sqlite3.Error):
        list(rows.read(path.with_name("none.sqlite")))
    assert [each.name for each in path.parent.iterdir()] == ["pass.sqlite"]


def test_a_relative_path_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("pass.sqlite"), row(5))
    assert len(list(rows.read(Path("pass.sqlite")))) == 1


def test_rows_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    write(path, *(row(image_id) for image_id in (9, 2, 5)))
    assert [read.image_id for read in rows.read(path)] == [9, 2, 5]


def test_one_file_is_left(tmp_path: Path) -> None:
    write(tmp_path / "pass.sqlite", row(1))
    assert [path.name for path in tmp_path.iterdir()] == ["pass.sqlite"]


def test_a_pass_goes_on_after_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    write(path, row(1), row(2))
    with rows.writing(path, "a key") as writer:
        assert writer.done == 2
        writer.append([row(3)])
    assert [read.image_id for read in rows.read(path)] == [1, 2, 3]


def test_another_pass_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    write(path, row(1), row(2))
    write(path, row(8), key="another key")
    assert [read.image_id for read in rows.read(path)] == [8]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00 and no more"])
def test_a_broken_file_starts_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pass.sqlite"
    path.write_bytes(content)
    write(path, row(1))
    assert [read.image_id for read in rows.read(path)] == [1]


def test_a_later_layout_starts_anew_and_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    write(path, row(1))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(sqlite3.DatabaseError, match="its layout is 99, not 1 to 3"):
        list(rows.read(path))
    write(path, row(2))
    assert [read.image_id for read in rows.read(path)] == [2]


def test_rows_that_are_not_all_taken_leave_none_behind(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    with rows.writing(path, "a key") as writer, pytest.raises(sqlite3.IntegrityError):
        writer.append([row(1), row(1)])
    assert list(rows.read(path)) == []


def test_a_process_that_still_holds_the_pass_is_waited_for(tmp_path: Path) -> None:
    path, held = tmp_path / "pass.sqlite", threading.Event()

    def orphan() -> None:
        with rows.writing(path, "a key") as writer:
            writer.append([row(1)])
            held.set()
            time.sleep(0.5)
            writer.append([row(2)])

    thread = threading.Thread(target=orphan)
    thread.start()
    held.wait()
    with rows.writing(path, "a key") as writer:
        assert writer.done == 2
    thread.join()


@pytest.fixture(params=[False, True], ids=["alone", "followed"])
def killed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A pass of two rows as it lies there once its process was killed."""
    path, left = tmp_path / "written" / "pass.sqlite", tmp_path / "left"
    path.parent.mkdir()
    with rows.writing(path, "a key", followed=request.param) as writer:
        writer.append([row(1), row(2)])
        shutil.copytree(path.parent, left)
    assert (left / "pass.sqlite-wal").exists()
    return left / path.name


def test_a_killed_pass_is_made_one_file_with_all_rows(killed: Path) -> None:
    rows.settle(killed)
    assert [path.name for path in killed.parent.iterdir()] == ["pass.sqlite"]
    assert [read.image_id for read in rows.read(killed)] == [1, 2]


@pytest.mark.parametrize("key", ["a key", "another key"])
@pytest.mark.parametrize("gone", [True, False])
def test_whatever_a_killed_pass_left_one_file_remains(killed: Path, key: str, gone: bool) -> None:
    if gone:
        killed.unlink()
    write(killed, row(5), key=key)
    assert [path.name for path in killed.parent.iterdir()] == ["pass.sqlite"]
    resumed = [1, 2] if key == "a key" and not gone else []
    assert [read.image_id for read in rows.read(killed)] == [*resumed, 5]


def test_who_reads_a_killed_pass_is_waited_for(killed: Path) -> None:
    reading = sqlite3.connect(f"{killed.as_uri()}?mode=ro", uri=True, check_same_thread=False)
    reading.execute("SELECT * FROM images").fetchone()
    done = threading.Timer(0.2, reading.close)
    done.start()
    rows.settle(killed)
    done.join()
    assert [path.name for path in killed.parent.iterdir()] == ["pass.sqlite"]


def test_where_there_is_no_pass_none_is_made(tmp_path: Path) -> None:
    rows.settle(tmp_path / "pass.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_totals_and_failures(tmp_path: Path) -> None:
    with rows.writing(tmp_path / "pass.sqlite", "a key") as writer:
        assert writer.totals() == rows.Totals(0, 0, 0.0, 0.0, 0.0, 0.0)
        writer.append([row(1, 3), Row(2, "2.jpg", Times(), failure="the file breaks off"), row(3, 4)])
        assert writer.totals() == rows.Totals(3, 7, 2.0, 4.0, 6.0, 8.0)
        assert writer.failures() == [("2.jpg", "the file breaks off")]


def test_half_a_million_boxes_take_at_most_25_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    with rows.writing(path, "a key") as writer:
        writer.append([row(image_id, 100) for image_id in range(5000)])
        assert writer.totals().boxes == 500_000
    assert path.stat().st_size <= 25_000_000


def test_what_was_seen_on_the_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "pass.sqlite"
    seen = Seen(800, 1200, 1000, 4321, "vanilla", 4000, "coordinate trick", "float16", (1.5, 2.25, 255.0))
    kept = [
        replace(row(1, 0), exif_orientation=6, exif_followed=True, seen=seen),
        replace(row(2, 0), exif_orientation=3, exif_followed=False),
        replace(row(3, 0), exif_orientation=1),
        row(4, 0),
    ]
    write(path, *kept)
    assert [replace(read, detections=None) for read in rows.read(path)] == [
        replace(each, detections=None) for each in kept
    ]
    with rows.writing(path, "a key") as writer:
        assert writer.turned() == 1


def test_a_pass_of_layout_1_is_read_and_started_anew() -> None:
    old = Path(__file__).parents[3] / "data" / "old_runs" / "before-observed-identity"
    (path,) = old.rglob("detections.sqlite")
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    read = list(rows.read(path))
    assert read
    assert {(each.seen, each.exif_orientation, each.exif_followed) for each in read} == {(UNSEEN, None, None)}
    assert all(each.pixels_sha256 and each.detections is not None for each in read)


def test_a_pass_of_layout_2_lacks_only_what_was_added_since(tmp_path: Path) -> None:
    path, old = tmp_path / "pass.sqlite", Seen(800, 1200, 1000, 4321, "vanilla")
    seen = old._replace(proposal_candidates=4000, precision="float32", channel_means=(1.0, 2.0, 3.0))
    write(path, replace(row(1), exif_orientation=6, exif_followed=True, seen=seen))
    with sqlite3.connect(path) as connection:
        for column in ("proposal_candidates", "proposal_route", "precision", "channel_means"):
            connection.execute(f"ALTER TABLE images DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 2")
    (read,) = rows.read(path)
    assert read.seen == old
    assert (read.exif_orientation, read.exif_followed) == (6, True)


def test_a_path_is_no_address(tmp_path: Path) -> None:
    folder = tmp_path / "100 % #1?mode=rw&x"
    folder.mkdir()
    write(folder / "pass.sqlite", row(1))
    assert [read.image_id for read in rows.read(folder / "pass.sqlite")] == [1]
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
