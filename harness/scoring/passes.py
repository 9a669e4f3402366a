"""A detection pass as columns, ready to be scored."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError, create_model

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


def read(path: Path, annotations: Annotations, ids: Sequence[int] | None = None) -> PassColumns:
    """Read a pass, of the images `ids` if they are named. Raises BadDocument as rows_of does."""
    every = list(rows_of(path, ids))
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


def rows_of(path: Path, ids: Sequence[int] | None = None) -> Iterator[Row]:
    """Yield the rows of a pass, an image each: those of the images `ids`, in this order, if they are named.

    Raises BadDocument where the file is not there, or is not such a pass.
    """
    if not path.exists():
        raise BadDocument(f"{path} is gone, or was never copied", "run the cell again (harness run --resume)")
    try:
        every = rows.read(path)
        for row in every if ids is None else _planned(every, ids):
            _require_whole(row)
            yield row
    except (sqlite3.Error, ValueError, TypeError) as error:  # the latter two: columns that do not fit each other
        remedy = "delete it and run the cell again (harness run --resume)"
        raise BadDocument(f"{path} is no detection pass: {_said(error)}", remedy) from error


def _planned(every: Iterable[Row], ids: Sequence[int]) -> Iterator[Row]:
    """Yield the rows. Raises ValueError where they are not of these images in their order."""
    count = 0
    for row in every:
        if count == len(ids) or row.image_id != ids[count]:
            raise ValueError(f"its row {count} is of image {row.image_id!r:.40}, where none of it was planned")
        yield row
        count += 1
    if count < len(ids):
        raise ValueError(f"it has {count} of {len(ids)} images")


@cache
def _values() -> type[BaseModel]:
    """Return what validates all of a row but its arrays."""
    kinds = get_type_hints(Row)
    del kinds["detections"]
    return create_model("Values", **{name: (kind, ...) for name, kind in kinds.items()})  # type: ignore[call-overload, no-any-return]


def _require_whole(row: Row) -> None:
    """Raise ValueError where a value is of another kind, or the columns of the detections do not fit each other.

    SQLite keeps whatever is put into a column.
    """
    _values().model_validate(vars(row), strict=True)
    if row.detections is None:
        return
    counts = {name: len(column) for name, column in vars(row.detections).items() if column is not None}
    keypoints, scores = row.detections.keypoints, row.detections.keypoint_scores
    if len(set(counts.values())) > 1:
        raise ValueError(f"image {row.image_id} has {', '.join(f'{n} {name}' for name, n in counts.items())}")
    if keypoints is not None and scores is not None and keypoints.shape[1] != scores.shape[1]:
        raise ValueError(f"image {row.image_id} has {keypoints.shape[1]} keypoints, and scores of {scores.shape[1]}")


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))} of an image: {first['msg']}"


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
