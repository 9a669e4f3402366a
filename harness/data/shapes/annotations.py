"""The annotations of drawn pictures, as COCO has them: https://cocodataset.org/#format-data."""

from typing import Any, cast

import numpy as np
from pycocotools import mask as run_lengths

from harness.data.shapes.figures import CATEGORIES, KEYPOINTS, PERSON, SKELETON
from harness.data.shapes.pictures import Drawn, InSight, Mask

HIDDEN, VISIBLE = 1, 2


class Collection:
    """Gathers the annotations of a set, picture by picture."""

    def __init__(self, version: int, seed: int):
        self._info = {"description": "shapes of detection-harness", "version": str(version), "seed": seed}
        self._images: list[dict[str, Any]] = []
        self._objects: list[dict[str, Any]] = []
        self._keypoints: dict[int, dict[str, Any]] = {}

    def add(self, number: int, file_name: str, drawn: Drawn) -> None:
        """Take in a picture, with its number as its id."""
        height, width = drawn.pixels.shape[:2]
        self._images.append({"id": number, "file_name": file_name, "height": height, "width": width})
        for seen in drawn.objects:
            object_id = len(self._objects) + 1
            self._objects.append({"id": object_id, "image_id": number, **_instance(seen)})
            if seen.figure.category == PERSON:
                self._keypoints[object_id] = _keypoints(seen)

    def instances(self) -> dict[str, Any]:
        """Return the document with the objects of every category."""
        categories = [{"id": number, "name": name, "supercategory": "shape"} for number, name in CATEGORIES.items()]
        return self._document(categories, self._objects)

    def person_keypoints(self) -> dict[str, Any]:
        """Return the document with the persons and their keypoints, over the same pictures."""
        person = {"id": PERSON, "name": CATEGORIES[PERSON], "supercategory": "shape"}
        objects = [entry | self._keypoints[entry["id"]] for entry in self._objects if entry["id"] in self._keypoints]
        return self._document([person | {"keypoints": KEYPOINTS, "skeleton": SKELETON}], objects)

    def _document(self, categories: list[dict[str, Any]], objects: list[dict[str, Any]]) -> dict[str, Any]:
        return {"info": self._info, "images": self._images, "annotations": objects, "categories": categories}


def _instance(seen: InSight) -> dict[str, Any]:
    left, top, right, bottom = seen.box
    polygons = seen.whole and not seen.figure.crowd
    return {
        "category_id": seen.figure.category,
        "bbox": [round(value, 2) for value in (left, top, right - left, bottom - top)],
        "area": int(np.count_nonzero(seen.visible)),
        "iscrowd": int(seen.figure.crowd),
        "segmentation": _polygons(seen) if polygons else _run_lengths(seen.visible),
    }


def _polygons(seen: InSight) -> list[list[float]]:
    """Return one ring a part; what is in several of them counts once."""
    return [[round(value, 2) for corner in outline.polygon() for value in corner] for outline, _ in seen.figure.parts]


def _run_lengths(mask: Mask) -> dict[str, Any]:
    encoded = run_lengths.encode(np.asfortranarray(mask, np.uint8))
    return {"size": list(encoded["size"]), "counts": cast("bytes", encoded["counts"]).decode("ascii")}


def _keypoints(seen: InSight) -> dict[str, Any]:
    """Return x, y and visibility of each keypoint, all 0 for those outside the picture or not labelled."""
    height, width = seen.visible.shape
    values: list[float] = []
    for x, y in seen.figure.keypoints:
        if seen.figure.labelled and 0 <= x < width and 0 <= y < height:
            values += [round(x, 2), round(y, 2), HIDDEN if seen.hidden[int(y), int(x)] else VISIBLE]
        else:
            values += [0, 0, 0]
    return {"keypoints": values, "num_keypoints": sum(value > 0 for value in values[2::3])}
