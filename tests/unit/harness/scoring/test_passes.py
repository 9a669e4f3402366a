"""A file of detections that is damaged anywhere is a sentence that names it, whoever reads it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import BadDocument
from harness.scoring.passes import rows_of
from runner.contract import rows
from runner.contract.rows import ImageDetections, Row, Times

IDS = [3, 1, 2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A pass of three images with two detections each."""
    found = ImageDetections(
        boxes=np.ones((2, 4), "f4"),
        scores=np.ones(2, "f4"),
        labels=np.ones(2, "i4"),
        masks=[b"01", b"02"],
        keypoints=np.ones((2, 17, 3), "f4"),
        keypoint_scores=np.ones((2, 17), "f4"),
    )
    blank = Row(0, "", Times(), None, 100, 100, "ab" * 32, found)
    with rows.writing(tmp_path / "pass.sqlite", "a key") as writer:
        writer.append([replace(blank, image_id=number, file=f"{number}.jpg") for number in IDS])
    return tmp_path / "pass.sqlite"


def test_a_pass_is_read_in_its_order(path: Path) -> None:
    assert [row.image_id for row in rows_of(path, IDS)] == [row.image_id for row in rows_of(path)] == IDS


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("DELETE FROM images WHERE position = 2", "it has 2 of 3 images"),
        ("DELETE FROM images WHERE position = 0", "its row 0 is of image 1, where none of it was planned"),
        (
            "INSERT INTO images (position, image_id, file, boxes, decode_ms, transfer_ms, forward_ms, encode_ms)"
            " VALUES (3, 9, '9.jpg', 0, 0.0, 0.0, 0.0, 0.0)",
            "its row 3 is of image 9, where none of it was planned",
        ),
        ("UPDATE images SET image_id = 7 WHERE position = 1", "its row 1 is of image 7, where none of it was planned"),
        ("UPDATE images SET scores = substr(scores, 1, 4)", "image 3 has 2 boxes, 1 scores, 2 labels, 2 masks"),
        ("UPDATE images SET labels = substr(labels, 1, 4)", "image 3 has 2 boxes, 2 scores, 1 labels, 2 masks"),
        ("UPDATE images SET labels = NULL", "a bytes-like object is required"),
        ("UPDATE images SET masks = x'3031'", "2 labels, 1 masks, 2 keypoints"),
        ("UPDATE images SET keypoints = substr(keypoints, 1, 24)", "image 3 has 1 keypoints, and scores of 17"),
        ("UPDATE images SET boxes = 3", "cannot reshape"),
        ("UPDATE images SET height = 'high'", "height of an image: Input should be a valid integer"),
        ("UPDATE images SET file = x'00'", "file of an image: Input should be a valid string"),
        ("UPDATE images SET proposals = 'many'", r"seen\.proposals of an image: Input should be a valid integer"),
        ("UPDATE images SET channel_means = x'00'", "buffer size must be a multiple"),
        ("DROP TABLE images", "no such table"),
    ],
)
def test_what_is_damaged_is_said(path: Path, damage: str, why: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    with pytest.raises(BadDocument, match=rf"pass\.sqlite is no detection pass: .*{why}.*; delete it and run the cell"):
        list(rows_of(path, IDS))
