"""Detections as columns, and reading them from COCO's results format (https://cocodataset.org/#format-results)."""

import json
from dataclasses import dataclass, replace
from functools import cache
from itertools import compress
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AllowInfNan, FailFast, Field, Strict, TypeAdapter, ValidationError

from harness.data.coco import KEYPOINTS, LARGEST, Annotations
from harness.documents import not_json
from harness.documents.scores import Iou
from harness.errors import BadInput, reason_of, remedy_of
from harness.scoring import masks

WRITE_AGAIN = "write the detections again in COCO's results format"

Id = Annotated[int, Strict(), Field(ge=-(2**63), lt=2**63)]
Number = Annotated[float, Strict(), AllowInfNan(False)]


@dataclass(frozen=True)
class Detected:
    """The detections of a set of images, as columns of equal length n, in the order in which they were made.

    boxes_xywh: (n, 4), x, y, width, height in pixels. masks: COCO's compressed run lengths, of the picture's size.
    keypoints: (n, 17, 3), x, y in pixels and a third number that scoring ignores. Only the column that is scored is
    needed. Every image must be one of the annotations', every number finite: see `check`.
    """

    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes_xywh: NDArray[np.float64] | None = None
    masks: list[bytes] | None = None
    keypoints: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def chosen(self, which: NDArray[np.bool_]) -> "Detected":
        """Return those that `which` (n,) tells."""
        return Detected(
            image_ids=self.image_ids[which],
            category_ids=self.category_ids[which],
            scores=self.scores[which],
            boxes_xywh=None if self.boxes_xywh is None else self.boxes_xywh[which],
            masks=None if self.masks is None else list(compress(self.masks, which)),
            keypoints=None if self.keypoints is None else self.keypoints[which],
        )


def check(detections: Detected, annotations: Annotations, source: str) -> None:
    """Raise BadInput for the first detection with an unknown image or a number that is no coordinate.

    A category that the annotations lack is no mistake: COCOeval passes over it, and `score` says so. `source` holds it.
    """
    ids = detections.image_ids
    unknown = np.flatnonzero(~np.isin(ids, list(annotations.pictures)))
    if len(unknown):
        where = f"entry {unknown[0]} of {source} has the image id {ids[unknown[0]]}"
        raise BadInput(f"{where}, which {annotations.path} lacks", "name the annotations of the same data set")
    for column in (detections.scores, detections.boxes_xywh, detections.keypoints):
        if column is not None and not np.isfinite(column).all():
            first = np.argwhere(~np.isfinite(column))[0, 0]
            raise BadInput(f"entry {first} of {source} has a number that is not finite", WRITE_AGAIN)
    for column in (detections.boxes_xywh, detections.keypoints):
        if column is not None and (np.abs(column) > LARGEST).any():
            first = np.argwhere(np.abs(column) > LARGEST)[0, 0]
            raise BadInput(f"entry {first} of {source} is far outside of any picture", WRITE_AGAIN)


def from_json(path: Path, annotations: Annotations, iou: Iou) -> Detected:
    """Read a results file: a list of {image_id, category_id, score} with bbox, segmentation or keypoints, by `iou`.

    Other keys are ignored. Raises BadInput, which names the file and the first thing wrong with it.
    """
    entries = _entries(path, iou)
    detections = Detected(
        image_ids=np.array([entry.image_id for entry in entries], np.int64),
        category_ids=np.array([entry.category_id for entry in entries], np.int64),
        scores=np.array([entry.score for entry in entries], np.float64),
        boxes_xywh=_numbers([entry.bbox for entry in entries], 4) if iou == "bbox" else None,
        keypoints=_numbers([entry.keypoints for entry in entries], KEYPOINTS, 3) if iou == "keypoints" else None,
    )
    check(detections, annotations, str(path))
    if iou != "segm":
        return detections
    return replace(detections, masks=_masks(entries, annotations, path))


@dataclass(frozen=True, slots=True)
class _Entry:
    image_id: Id
    category_id: Id
    score: Number


@dataclass(frozen=True, slots=True)
class _Box(_Entry):
    bbox: tuple[Number, Number, Number, Number]


@dataclass(frozen=True, slots=True)
class _Mask(_Entry):
    segmentation: dict[str, Any] | list[list[Number]]


@dataclass(frozen=True, slots=True)
class _Pose(_Entry):
    keypoints: Annotated[list[Number], Field(min_length=3 * KEYPOINTS, max_length=3 * KEYPOINTS)]


@cache
def _adapter(iou: Iou) -> TypeAdapter[list[Any]]:
    kind = {"bbox": _Box, "segm": _Mask, "keypoints": _Pose}[iou]
    return TypeAdapter(Annotated[list[kind], FailFast()])  # type: ignore[arg-type, valid-type]


def _entries(path: Path, iou: Iou) -> list[Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"there is no detections file {str(path)!r}", "name a JSON file of COCO's results") from None
    except OSError as error:
        remedy = remedy_of(error, "name a JSON file of COCO's results")
        raise BadInput(f"{path} can't be read: {reason_of(error)}", remedy) from error
    try:
        return _adapter(iou).validate_json(_utf8(content))
    except (UnicodeDecodeError, ValidationError) as error:
        if other := not_json.told(content):
            raise BadInput(f"{path} {other.what}", other.remedy) from None
        if isinstance(error, ValidationError):
            raise _explained(path, error) from None
        raise BadInput(f"{path} is not whole JSON ({error})", WRITE_AGAIN) from None


def _utf8(content: bytes) -> bytes:
    """Return JSON as UTF-8 without a byte-order mark; tools of Windows write others."""
    encoding = json.detect_encoding(content)
    return content if encoding == "utf-8" else content.decode(encoding).encode()


def _explained(path: Path, error: ValidationError) -> BadInput:
    """Return the sentence for the first thing that pydantic found."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return BadInput(f"{path} is not whole JSON ({first['ctx']['error']})", WRITE_AGAIN)
    if not first["loc"]:
        return BadInput(f"{path} is not a list of detections", WRITE_AGAIN)
    index, *keys = first["loc"]
    place = ".".join(map(str, keys)) or "it"
    absent = first["type"] == "missing" and len(keys) == 1
    reason = f"lacks {place}" if absent else f"is not usable: {place}: {first['msg']}"
    return BadInput(f"entry {index} of {path} {reason}", WRITE_AGAIN)


def _numbers(rows: list[Any], *shape: int) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(len(rows), *shape)


def _masks(entries: list[_Mask], annotations: Annotations, path: Path) -> list[bytes]:
    compressed = []
    for index, entry in enumerate(entries):
        picture = annotations.pictures[entry.image_id]
        if picture.size is None:
            where = f"the image with id {entry.image_id} of {annotations.path}"
            raise BadInput(f"{where} has no height and width, which scoring masks needs", "add them to the annotations")
        try:
            compressed.append(masks.compressed(entry.segmentation, picture))
        except ValueError as error:
            raise BadInput(f"entry {index} of {path} is not usable: segmentation: {error}", WRITE_AGAIN) from None
    return compressed
