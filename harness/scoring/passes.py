"""A detection pass as columns, ready to be scored."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.coco import KEYPOINTS, Annotations
from harness.documents.scores import Iou
from harness.errors import BadDocument
from harness.scoring.boxes import from_corners
from harness.scoring.detections import Detected, check
from runner.contract import rows
from runner.contract.rows import Row


@dataclass(frozen=True)
class PassColumns:
    """A detection pass as columns; `fits` (n,) tells which detections are of pictures of the annotated size."""

    detections: Detected
    fits: NDArray[np.bool_]
    readable: list[int]
    turned: int
    foreign: int

    def of(self, iou: Iou) -> Detected:
        """Return the detections that can be compared: masks only where the picture has the annotated size."""
        return self.detections if iou != "segm" or self.fits.all() else self.detections.chosen(self.fits)


def read(path: Path, annotations: Annotations) -> PassColumns:
    """Read a pass. Raises BadDocument where the file is not one."""
    every = list(rows_of(path))
    readable = [row for row in every if row.detections is not None and row.image_id in annotations.pictures]
    fits = [_fits(row, annotations) for row in readable]
    columns = _columns(readable)
    check(columns, annotations, str(path))
    known = np.isin(columns.category_ids, list(annotations.categories))
    counts = [len(row.detections.scores) for row in readable if row.detections]
    return PassColumns(
        detections=columns.chosen(known),
        fits=np.repeat(np.array(fits, bool), counts)[known],
        readable=[row.image_id for row in readable],
        turned=fits.count(False),
        foreign=int(np.count_nonzero(~known)),
    )


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a pass, an image each. Raises BadDocument where the file is not there, or is not one."""
    if not path.exists():
        raise BadDocument(f"{path} is gone, or was never copied", "run the cell again (harness run --resume)")
    try:
        yield from rows.read(path)
    except (sqlite3.Error, ValueError, TypeError) as error:  # the latter two: columns that do not fit each other
        remedy = "delete it and run the cell again (harness run --resume)"
        raise BadDocument(f"{path} is no detection pass: {error}", remedy) from error


def _fits(row: Row, annotations: Annotations) -> bool:
    picture = annotations.pictures[row.image_id]
    return picture.size is None or (row.height, row.width) == picture.size


def _columns(readable: list[Row]) -> Detected:
    image_ids = np.array([row.image_id for row in readable], np.int64)
    detections = [row.detections for row in readable if row.detections is not None]
    masks = [each.masks for each in detections if each.masks is not None]
    posed = [each.keypoints for each in detections if each.keypoints is not None]
    keypoints = [each for each in posed if len(each)]
    scorable = bool(posed) and all(each.shape[1] == KEYPOINTS for each in keypoints)
    return Detected(
        image_ids=np.repeat(image_ids, [len(each.scores) for each in detections]),
        category_ids=_joined([each.labels for each in detections]).astype(np.int64),
        scores=_joined([each.scores for each in detections]).astype(np.float64),
        boxes_xywh=from_corners(_joined([each.boxes for each in detections], 4)),
        masks=list(chain.from_iterable(masks)) if masks else None,
        keypoints=_joined(keypoints, KEYPOINTS, 3).astype(np.float64) if scorable else None,
    )


def _joined(parts: list[Any], *shape: int) -> NDArray[Any]:
    return np.concatenate([np.empty((0, *shape), np.float32), *parts])
