"""What is said beside a score, since COCO's numbers hide it: detections and annotations that are hardly meant so.

None of it changes a number. Ordinary detections get none: models find nothing in some images, and boxes reach over the
border by a little.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.coco import KEYPOINTS, Annotations
from harness.documents.scores import Iou
from harness.scoring.detections import Detected

#: A share of the objects in images without any detection, and of the boxes far beyond their pictures.
MANY = 0.1
#: How far beyond its picture, in the picture's sides, no detector that knows the picture puts a box's edge.
FAR = 0.1
#: A share of boxes below a pixel; those that were clipped at the border have no area either.
MOST = 0.5


def beside(annotations: Annotations, detections: Detected, foreign: int, iou: Iou) -> list[str]:
    """Return what a reader of the score must know of the detections, `foreign` ones left out, and of the objects."""
    remarks = [*_categories(annotations, detections, foreign), *_images(annotations, detections, iou)]
    if iou == "bbox" and detections.boxes_xywh is not None:
        remarks += _repeated(detections, detections.boxes_xywh)
        remarks += _boxes("boxes", annotations, detections.image_ids, detections.boxes_xywh)
    if iou == "keypoints" and detections.keypoints is not None and len(detections):
        remarks += _boxes("poses", annotations, detections.image_ids, _around(detections.keypoints))
    return [*remarks, *_objects(annotations, iou)]


def _around(keypoints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the boxes (n, 4), x, y, width, height, around keypoints (n, k, 3)."""
    low, high = keypoints[:, :, :2].min(axis=1), keypoints[:, :, :2].max(axis=1)
    return np.hstack([low, high - low])


def _poses(annotations: Annotations) -> Iterator[str]:
    """Yield what is wrong with the annotated poses of two or more keypoints; those not labelled are zeros."""
    posed = [entry for entry in annotations.objects if entry.get("num_keypoints")]
    points = np.array([entry["keypoints"] for entry in posed], np.float64).reshape(-1, KEYPOINTS, 3)
    labelled = points[:, :, 2] > 0
    keep = np.count_nonzero(labelled, axis=1) > 1
    first = points[np.arange(len(points)), labelled.argmax(axis=1)][:, None]
    known = np.where(labelled[:, :, None], points, first)[keep]
    if len(known):
        image_ids = np.array([entry["image_id"] for entry in posed], np.int64)[keep]
        yield from _boxes("annotated poses", annotations, image_ids, _around(known))


def _categories(annotations: Annotations, detections: Detected, foreign: int) -> Iterator[str]:
    if foreign:
        every = foreign + len(detections)
        yield f"{foreign} of {every} detections are of categories that the annotations lack, and are left out"
    background = sum(entry["category_id"] == 0 for entry in annotations.objects)
    if background and not (detections.category_ids == 0).any():
        yield (
            f"{background} of {len(annotations.objects)} objects are of category 0, which no detection has: it may be "
            "the background of the model, and every other category off by one"
        )


def _images(annotations: Annotations, detections: Detected, iou: Iou) -> Iterator[str]:
    images, looked_at = len(annotations.pictures), set(detections.image_ids.tolist())
    objects = [entry["image_id"] for entry in annotations.objects if _counts(entry, iou)]
    beyond = sum(image_id not in looked_at for image_id in objects)
    if beyond > MANY * len(objects):
        yield (
            f"detections in {len(looked_at)} of {images} images; the others hold {beyond} of {len(objects)} objects, "
            "which count as missed"
        )


def _counts(entry: dict[str, Any], iou: Iou) -> bool:
    """Tell whether COCO counts an object that nothing finds as missed: not a crowd, nor a pose without keypoints."""
    return not entry["iscrowd"] and (iou != "keypoints" or bool(entry.get("num_keypoints")))


def _repeated(detections: Detected, boxes: NDArray[np.float64]) -> Iterator[str]:
    """Yield how many detections are an earlier one again, as in a list written twice; no model makes such."""
    columns = [detections.image_ids, detections.category_ids, detections.scores, *boxes.T]
    order = np.lexsort(columns)
    equal = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in columns:
        equal &= column[order][1:] == column[order][:-1]
    if (again := int(np.count_nonzero(equal))) > MANY * len(order):
        yield f"{again} of {len(order)} detections are an earlier one again, which counts as a false one"


def _boxes(
    what: str, annotations: Annotations, image_ids: NDArray[np.int64], boxes: NDArray[np.float64]
) -> Iterator[str]:
    """Yield what is wrong with boxes (n, 4) of x, y, width, height in pixels."""
    number = len(boxes)
    yield from _too_small(what, boxes)
    sides = _sides(annotations, image_ids)
    reach = (boxes[:, :2] < -FAR * sides) | (boxes[:, :2] + np.maximum(boxes[:, 2:], 0) > (1 + FAR) * sides)
    far = int(np.count_nonzero(reach.any(axis=1)))
    if far > MANY * number:
        corners = what == "boxes" and (boxes[:, 2:] >= boxes[:, :2]).all()
        likely = ", as x1, y1, x2, y2 would in the place of x, y, width, height" if corners else ""
        yield f"{far} of {number} {what} reach far beyond their pictures{likely}"


def _too_small(what: str, boxes: NDArray[np.float64]) -> Iterator[str]:
    number, sides = len(boxes), boxes[:, 2:]
    if inverted := int(np.count_nonzero((sides < 0).any(axis=1))):
        yield f"{inverted} of {number} {what} have a negative width or height"
    tiny = ((sides >= 0) & (sides <= 1)).all(axis=1)
    shares = tiny & (np.abs(boxes) <= 2).all(axis=1) & (sides > 0).all(axis=1)
    if np.count_nonzero(tiny) > MOST * number or np.count_nonzero(shares) > MANY * number:
        likely = ", as coordinates that were divided by the picture's size" if shares.sum() > tiny.sum() / 2 else ""
        yield f"{np.count_nonzero(tiny)} of {number} {what} are not larger than one pixel{likely}"


def _sides(annotations: Annotations, image_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return width and height (n, 2) of the image of each; infinite where the annotations do not tell."""
    known = sorted(annotations.pictures)
    sizes = [annotations.pictures[image_id].size or (np.inf, np.inf) for image_id in known]
    sides = np.array(sizes, np.float64).reshape(-1, 2)[:, ::-1]
    return sides[np.searchsorted(np.array(known, np.int64), image_ids)]


def _objects(annotations: Annotations, iou: Iou) -> Iterator[str]:
    objects = annotations.objects
    areas = [entry.get("area") for entry in objects]
    if missing := areas.count(None):
        yield (
            f"{missing} of {len(objects)} objects have no area: their boxes' was taken, which APsmall, APmedium and "
            "APlarge depend on"
        )
    small = [area for area in areas if area is not None and area < 1]
    if small and (iou == "keypoints" or len(small) == len(objects)):
        words = "an area below one pixel" if any(small) else "area 0"
        why = "the similarity of keypoints is divided by it" if iou == "keypoints" else "all of them count as small"
        yield f"{len(small)} of {len(objects)} objects have {words}: {why}"
    if iou == "bbox" and objects:
        image_ids = np.array([entry["image_id"] for entry in objects], np.int64)
        yield from _boxes("annotated boxes", annotations, image_ids, np.array([e["bbox"] for e in objects], np.float64))
    if iou == "keypoints":
        yield from _poses(annotations)
    names = [picture.file_name for picture in annotations.pictures.values() if picture.file_name]
    if twice := len(names) - len(set(names)):
        yield f"{twice} of {len(names)} images have the file_name of an earlier one"
