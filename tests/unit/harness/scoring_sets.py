"""Small sets of annotations and detections for tests of scoring, made from a seed."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask

from harness.data.coco import KEYPOINTS, Annotations, Picture
from harness.scoring.detections import Detected

HEIGHT, WIDTH = 150, 200
PATH = Path("annotations.json")


def annotations(images: list[int], categories: list[int], objects: list[dict[str, Any]]) -> Annotations:
    pictures = {number: Picture(f"{number}.jpg", HEIGHT, WIDTH) for number in images}
    return Annotations(PATH, "0" * 64, pictures, {known: f"category {known}" for known in categories}, objects)


def box(image_id: int, category_id: int, bbox: list[float], iscrowd: int = 0) -> dict[str, Any]:
    """Return an object whose area is its box's."""
    area = bbox[2] * bbox[3]
    return {"image_id": image_id, "category_id": category_id, "bbox": bbox, "area": area, "iscrowd": iscrowd, "id": 0}


def boxes(rows: list[tuple[int, int, float, list[float]]]) -> Detected:
    """Return detections from rows of image, category, score and x, y, width, height."""
    return Detected(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        boxes_xywh=np.array([row[3] for row in rows], np.float64).reshape(-1, 4),
    )


def perfect(truth: Annotations) -> Detected:
    """Return each object's own box, mask and keypoints, with falling scores."""
    number = len(truth.objects)
    return Detected(
        np.array([entry["image_id"] for entry in truth.objects], np.int64),
        np.array([entry["category_id"] for entry in truth.objects], np.int64),
        np.linspace(0.9, 0.1, number),
        boxes_xywh=np.array([entry["bbox"] for entry in truth.objects], np.float64).reshape(-1, 4),
        masks=[_pixels(entry["bbox"]) for entry in truth.objects],
        keypoints=np.array([entry["keypoints"] for entry in truth.objects], np.float64).reshape(-1, KEYPOINTS, 3),
    )


def random_set(
    seed: int, images: int, objects: int, detections: int, categories: int, crowds: float = 0.2
) -> tuple[Annotations, Detected]:
    """Return a set with scattered ids, coordinates and scores on coarse grids (so that they tie), and empty boxes."""
    random = np.random.default_rng(seed)
    image_ids = random.permutation(10 * images)[:images].tolist()
    category_ids = random.permutation(10 * categories)[:categories].tolist()
    entries = [_object(random, image_ids, category_ids, random.random() < crowds) for _ in range(objects)]
    for number, entry in enumerate(entries):
        entry["id"] = 7 * number
    truth = annotations(image_ids, category_ids, entries)
    targets = [_target(random, truth) for _ in range(detections)]
    moved = np.array([_moved(random, target["bbox"]) for target in targets], np.float64).reshape(-1, 4)
    poses = np.array([target["keypoints"] for target in targets], np.float64).reshape(-1, KEYPOINTS, 3)
    poses[:, :, :2] += random.integers(-3, 4, (detections, KEYPOINTS, 2)) * random.integers(0, 3, (detections, 1, 1))
    return truth, Detected(
        np.array([target["image_id"] for target in targets], np.int64),
        np.array([target["category_id"] for target in targets], np.int64),
        random.integers(1, 6, detections) / 5,
        boxes_xywh=moved,
        masks=[_pixels(row) for row in moved.tolist()],
        keypoints=poses,
    )


def _object(random: np.random.Generator, images: list[int], categories: list[int], crowd: bool) -> dict[str, Any]:
    width, height = (int(side) for side in random.choice([0, 5, 32, 60, 120], 2, p=[0.06, 0.24, 0.3, 0.2, 0.2]))
    x, y = int(random.integers(0, WIDTH - width)), int(random.integers(0, HEIGHT - height))
    visible = random.integers(0, 3, KEYPOINTS) * (random.random() < 0.9)
    points = np.column_stack(
        [random.integers(x, x + width + 1, KEYPOINTS), random.integers(y, y + height + 1, KEYPOINTS), visible]
    )
    corners = [x, y, x + width, y, x + width, y + height, x, y + height]
    return {
        **box(int(random.choice(images)), int(random.choice(categories)), [x, y, width, height], int(crowd)),
        "segmentation": _run_lengths([x, y, width, height]) if crowd else [corners],
        "keypoints": points.ravel().tolist(),
        "num_keypoints": int(np.count_nonzero(visible)),
    }


def _target(random: np.random.Generator, truth: Annotations) -> dict[str, Any]:
    """Return an object, or nothing in particular, perhaps under another category."""
    if truth.objects and random.random() < 0.85:
        target = dict(truth.objects[random.integers(len(truth.objects))])
    else:
        target = _object(random, list(truth.pictures), list(truth.categories), crowd=False)
    if random.random() < 0.2:
        target["category_id"] = int(random.choice(list(truth.categories)))
    return target


def _moved(random: np.random.Generator, bbox: list[float]) -> list[float]:
    x, y, width, height = bbox
    dx, dy, dw, dh = (int(step) for step in random.integers(-4, 5, 4) * random.integers(0, 3))
    return [x + dx, y + dy, max(0, width + dw), max(0, height + dh)]


def _bitmap(bbox: list[float]) -> NDArray[np.uint8]:
    x, y, width, height = (int(value) for value in bbox)
    bitmap = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    bitmap[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = 1
    return bitmap


def _pixels(bbox: list[float]) -> bytes:
    counts = mask.encode(_bitmap(bbox))["counts"]
    assert isinstance(counts, bytes)
    return counts


def _run_lengths(bbox: list[float]) -> dict[str, Any]:
    """Return a mask as COCO writes crowds: uncompressed run lengths."""
    flat = _bitmap(bbox).ravel(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
    runs = np.diff([0, *edges, len(flat)]).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": runs}
