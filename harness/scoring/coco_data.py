"""Annotations and detections as both scorers load them.

Images, categories and objects are numbered from 1 in the order of their ids: COCOeval evaluates in that order, reads a
match with the id 0 as no match, and hotcoco's ids can't be negative.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.data.coco import KEYPOINTS, Annotations, Picture
from harness.documents.scores import Iou
from harness.errors import BadInput
from harness.scoring import masks
from harness.scoring.boxes import by_rule
from harness.scoring.detections import Detected
from runner.contract import BoxRule

C = TypeVar("C")
#: What scoring reads of an object beside its category.
KEYS = {
    "bbox": ("bbox", "area", "iscrowd"),
    "segm": ("segmentation", "area", "iscrowd"),
    "keypoints": ("keypoints", "num_keypoints", "bbox", "area", "iscrowd"),
}
#: loadRes reads an array of these rows: image, x, y, width, height, score, category.
Results = NDArray[np.float64] | list[dict[str, Any]]


def dataset(annotations: Annotations, iou: Iou) -> dict[str, Any]:
    """Return a data set in COCO's format. Raises BadInput where an object lacks what `iou` compares."""
    image_numbers, category_numbers = _numbered(annotations.pictures), _numbered(annotations.categories)
    objects = []
    for number, entry in enumerate(annotations.objects, start=1):
        objects.append(
            {
                "id": number,
                "image_id": image_numbers[entry["image_id"]],
                "category_id": category_numbers[entry["category_id"]],
                **compared(entry, annotations, iou),
            }
        )
    return {
        "images": [
            {"id": number, **_size(annotations.pictures[image_id])} for image_id, number in image_numbers.items()
        ],
        # What they are called is our own concern: a name may be empty, or that of another category.
        "categories": [{"id": number, "name": str(number)} for number in category_numbers.values()],
        "annotations": objects,
    }


def results(annotations: Annotations, detections: Detected, iou: Iou, box_rule: BoxRule) -> Results:
    """Return the detections as loadRes takes them: no boxes beside masks, since it would take areas from those.

    Raises BadInput where the detections lack what `iou` compares.
    """
    images = _numbers(annotations.pictures, detections.image_ids)
    categories = _numbers(annotations.categories, detections.category_ids)
    if iou == "bbox":
        boxes = by_rule(_given(detections.boxes_xywh, "boxes", iou), box_rule)
        return np.column_stack([images, boxes, detections.scores, categories])
    columns = zip(images.tolist(), categories.tolist(), detections.scores.tolist(), strict=True)
    entries = [{"image_id": image, "category_id": category, "score": score} for image, category, score in columns]
    if iou == "segm":
        sizes = [[picture.height, picture.width] for _, picture in sorted(annotations.pictures.items())]
        for entry, counts in zip(entries, _given(detections.masks, "masks", iou), strict=True):
            entry["segmentation"] = {"size": sizes[entry["image_id"] - 1], "counts": counts.decode("ascii")}
    else:
        for entry, keypoints in zip(entries, _given(detections.keypoints, "keypoints", iou), strict=True):
            entry["keypoints"] = keypoints.ravel().tolist()
    return entries


def _given(column: C | None, name: str, iou: Iou) -> C:
    if column is None:
        raise BadInput(f"the detections have no {name}, which scoring {iou} needs", "score what the model detects")
    return column


def _numbered(ids: Iterable[int]) -> dict[int, int]:
    return {known: number for number, known in enumerate(sorted(ids), start=1)}


def _numbers(known: Iterable[int], ids: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(np.array(sorted(known), np.int64), ids) + 1


def _size(picture: Picture) -> dict[str, int | None]:
    return {"height": picture.height, "width": picture.width} if picture.size else {}


def require(annotations: Annotations, iou: Iou) -> None:
    """Raise BadInput for the first object that lacks what `iou` compares, or that the scorers would not agree on."""
    for entry in annotations.objects:
        compared(entry, annotations, iou)


def compared(entry: dict[str, Any], annotations: Annotations, iou: Iou) -> dict[str, Any]:
    """Return what `iou` compares of an object, in a form that both scorers agree on. Raises BadInput as `require`."""
    if iou == "bbox" and entry.get("area") is None:
        entry = entry | {"area": entry["bbox"][2] * entry["bbox"][3]}  # said beside the score: remarks.py
    where = f"object {entry['id']} of {annotations.path}"
    for key in KEYS[iou]:
        if entry.get(key) in (None, [], [[]], {}):
            raise BadInput(f"{where} has no {key}, which scoring {iou} needs", f"name annotations for {iou}")
    if iou == "keypoints" and len(entry["keypoints"]) != 3 * KEYPOINTS:
        raise BadInput(
            f"{where} has {len(entry['keypoints']) // 3} keypoints, but COCO's similarity is defined for {KEYPOINTS}",
            "name annotations with COCO's keypoints of a person",
        )
    values = {key: entry[key] for key in KEYS[iou]}
    if iou == "segm":
        picture, mask = annotations.pictures[entry["image_id"]], entry["segmentation"]
        try:
            masks.check_form(mask)
            if isinstance(mask, list):
                masks.check_polygons(mask, picture)
            else:
                counts = masks.compressed(mask, picture).decode("ascii")
                values["segmentation"] = {"size": list(picture.size or ()), "counts": counts}
        except ValueError as error:
            raise BadInput(f"{where} has a damaged mask: {error}", "fetch or export the annotations again") from None
    return values
